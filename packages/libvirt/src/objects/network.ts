import type { CallOptions, FlagOptions } from '../common/abort.ts'
import type { Daemon } from './daemon.ts'
import { addressType, type AddressType } from '../common/ip-address.ts'
import type { NetworkHandle } from '../protocol/handles.ts'
import { formatUuid } from '../common/uuid.ts'

/** A lease of the network's DHCP server. Leases outlive domains: tell them apart by MAC address. */
export interface DHCPLease {
  /** The bridge. */
  readonly iface: string
  /** Seconds since 1970; 0 for a lease that does not end. */
  readonly expirytime: number
  readonly type: AddressType
  readonly mac?: string
  readonly iaid?: string
  readonly ipaddr: string
  /** Length of the network's prefix in bits. */
  readonly prefix: number
  /** Chosen by the guest, like the client identifier: not to be trusted. */
  readonly hostname?: string
  readonly clientid?: string
}

export interface DHCPLeasesOptions extends FlagOptions {
  /** Only leases of this MAC address. */
  readonly mac?: string | undefined
}

/** libvirt's virNetwork. */
export class Network<H extends Daemon = Daemon> {
  readonly hypervisor: H
  readonly handle: NetworkHandle

  constructor(hypervisor: H, handle: NetworkHandle) {
    this.hypervisor = hypervisor
    this.handle = handle
  }

  get name(): string {
    return this.handle.name
  }

  get uuid(): string {
    return formatUuid(this.handle.uuid)
  }

  equals(other: Network): boolean {
    return this.uuid === other.uuid && this.name === other.name
  }

  async create(options?: CallOptions): Promise<void> {
    await this.hypervisor.call('NETWORK_CREATE', { net: this.handle }, options)
  }

  async destroy(options?: CallOptions): Promise<void> {
    await this.hypervisor.call('NETWORK_DESTROY', { net: this.handle }, options)
  }

  async undefine(options?: CallOptions): Promise<void> {
    await this.hypervisor.call('NETWORK_UNDEFINE', { net: this.handle }, options)
  }

  async isActive(options?: CallOptions): Promise<boolean> {
    return (await this.hypervisor.call('NETWORK_IS_ACTIVE', { net: this.handle }, options)).active === 1
  }

  async getXMLDesc(options: FlagOptions = {}): Promise<string> {
    const args = { net: this.handle, flags: options.flags ?? 0 }
    return (await this.hypervisor.call('NETWORK_GET_XML_DESC', args, options)).xml
  }

  async getBridgeName(options?: CallOptions): Promise<string> {
    return (await this.hypervisor.call('NETWORK_GET_BRIDGE_NAME', { net: this.handle }, options)).name
  }

  async getDHCPLeases(options: DHCPLeasesOptions = {}): Promise<DHCPLease[]> {
    const args = { net: this.handle, mac: options.mac ?? null, need_results: 1, flags: options.flags ?? 0 }
    const { leases } = await this.hypervisor.call('NETWORK_GET_DHCP_LEASES', args, options)
    return leases.map(({ mac, iaid, hostname, clientid, ...lease }) => ({
      ...lease,
      expirytime: Number(lease.expirytime),
      type: addressType(lease.type),
      ...(mac !== null && { mac }),
      ...(iaid !== null && { iaid }),
      ...(hostname !== null && { hostname }),
      ...(clientid !== null && { clientid }),
    }))
  }
}
