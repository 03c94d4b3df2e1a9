import type { FlagOptions } from '../common/abort.ts'
import type { Daemon } from './daemon.ts'
import type { SnapshotHandle } from '../protocol/handles.ts'

/** The domain of a snapshot: {@link Snapshot} needs no more of it. */
interface SnapshotDomain {
  readonly hypervisor: Daemon
  equals(other: SnapshotDomain): boolean
}

/** libvirt's virDomainSnapshot. */
export class Snapshot<D extends SnapshotDomain = SnapshotDomain> {
  readonly domain: D
  readonly handle: SnapshotHandle

  constructor(domain: D, handle: SnapshotHandle) {
    this.domain = domain
    this.handle = handle
  }

  get name(): string {
    return this.handle.name
  }

  equals(other: Snapshot<D>): boolean {
    return this.name === other.name && this.domain.equals(other.domain)
  }

  async getXMLDesc(options: FlagOptions = {}): Promise<string> {
    const args = { snap: this.handle, flags: options.flags ?? 0 }
    return (await this.domain.hypervisor.call('DOMAIN_SNAPSHOT_GET_XML_DESC', args, options)).xml
  }

  async delete(options: FlagOptions = {}): Promise<void> {
    const args = { snap: this.handle, flags: options.flags ?? 0 }
    await this.domain.hypervisor.call('DOMAIN_SNAPSHOT_DELETE', args, options)
  }

  /** Brings the domain back to the snapshot: libvirt's virDomainRevertToSnapshot. */
  async revert(options: FlagOptions = {}): Promise<void> {
    const args = { snap: this.handle, flags: options.flags ?? 0 }
    await this.domain.hypervisor.call('DOMAIN_REVERT_TO_SNAPSHOT', args, options)
  }
}
