import type { FlagOptions } from '../common/abort.ts'
import type { Domain } from './domain.ts'
import type { ResultOf } from '../protocol/procedure-types.ts'

/** A snapshot as on the wire. */
type SnapshotHandle = ResultOf<'DOMAIN_SNAPSHOT_LOOKUP_BY_NAME'>['snap']

/** libvirt's virDomainSnapshot. */
export class Snapshot {
  readonly domain: Domain
  readonly handle: SnapshotHandle

  constructor(domain: Domain, handle: SnapshotHandle) {
    this.domain = domain
    this.handle = handle
  }

  get name(): string {
    return this.handle.name
  }

  equals(other: Snapshot): boolean {
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
