import type { CallOptions, FlagOptions } from '../common/abort.ts'
import type { Daemon } from './daemon.ts'
import type { StoragePoolHandle } from '../protocol/handles.ts'
import { StorageVolume } from './storage-volume.ts'
import { formatUuid } from '../common/uuid.ts'

// virStoragePoolState, in its order.
const states = ['inactive', 'building', 'running', 'degraded', 'inaccessible'] as const

export interface StoragePoolInfo {
  readonly state: (typeof states)[number] | 'unknown'
  readonly capacityBytes: number
  readonly allocationBytes: number
  readonly availableBytes: number
}

/** libvirt's virStoragePool. */
export class StoragePool<H extends Daemon = Daemon> {
  readonly hypervisor: H
  readonly handle: StoragePoolHandle

  constructor(hypervisor: H, handle: StoragePoolHandle) {
    this.hypervisor = hypervisor
    this.handle = handle
  }

  get name(): string {
    return this.handle.name
  }

  get uuid(): string {
    return formatUuid(this.handle.uuid)
  }

  equals(other: StoragePool): boolean {
    return this.uuid === other.uuid && this.name === other.name
  }

  async create(options: FlagOptions = {}): Promise<void> {
    await this.hypervisor.call('STORAGE_POOL_CREATE', this.#withFlags(options), options)
  }

  async destroy(options?: CallOptions): Promise<void> {
    await this.hypervisor.call('STORAGE_POOL_DESTROY', { pool: this.handle }, options)
  }

  async undefine(options?: CallOptions): Promise<void> {
    await this.hypervisor.call('STORAGE_POOL_UNDEFINE', { pool: this.handle }, options)
  }

  /** Makes what the pool is kept in: for a pool of type dir, its folder. */
  async build(options: FlagOptions = {}): Promise<void> {
    await this.hypervisor.call('STORAGE_POOL_BUILD', this.#withFlags(options), options)
  }

  /** Deletes what the pool is kept in: for a pool of type dir, its folder, which must be empty. */
  async delete(options: FlagOptions = {}): Promise<void> {
    await this.hypervisor.call('STORAGE_POOL_DELETE', this.#withFlags(options), options)
  }

  async refresh(options: FlagOptions = {}): Promise<void> {
    await this.hypervisor.call('STORAGE_POOL_REFRESH', this.#withFlags(options), options)
  }

  async isActive(options?: CallOptions): Promise<boolean> {
    const { active } = await this.hypervisor.call('STORAGE_POOL_IS_ACTIVE', { pool: this.handle }, options)
    return active === 1
  }

  async getXMLDesc(options: FlagOptions = {}): Promise<string> {
    return (await this.hypervisor.call('STORAGE_POOL_GET_XML_DESC', this.#withFlags(options), options)).xml
  }

  async getInfo(options?: CallOptions): Promise<StoragePoolInfo> {
    const info = await this.hypervisor.call('STORAGE_POOL_GET_INFO', { pool: this.handle }, options)
    return {
      state: states[info.state] ?? 'unknown',
      capacityBytes: Number(info.capacity),
      allocationBytes: Number(info.allocation),
      availableBytes: Number(info.available),
    }
  }

  async storageVolCreateXML(xml: string, options: FlagOptions = {}): Promise<StorageVolume<H>> {
    const args = { ...this.#withFlags(options), xml }
    return new StorageVolume(
      this.hypervisor,
      (await this.hypervisor.call('STORAGE_VOL_CREATE_XML', args, options)).vol,
    )
  }

  /** Creates a volume with the contents of another, copied. */
  async storageVolCreateXMLFrom(
    xml: string,
    sourceVolume: StorageVolume,
    options: FlagOptions = {},
  ): Promise<StorageVolume<H>> {
    const args = { ...this.#withFlags(options), xml, clonevol: sourceVolume.handle }
    const { vol } = await this.hypervisor.call('STORAGE_VOL_CREATE_XML_FROM', args, options)
    return new StorageVolume(this.hypervisor, vol)
  }

  async storageVolLookupByName(name: string, options?: CallOptions): Promise<StorageVolume<H>> {
    const args = { pool: this.handle, name }
    const { vol } = await this.hypervisor.call('STORAGE_VOL_LOOKUP_BY_NAME', args, options)
    return new StorageVolume(this.hypervisor, vol)
  }

  async listAllVolumes(options: FlagOptions = {}): Promise<StorageVolume<H>[]> {
    const args = { ...this.#withFlags(options), need_results: 1 }
    const { vols } = await this.hypervisor.call('STORAGE_POOL_LIST_ALL_VOLUMES', args, options)
    return vols.map((handle) => new StorageVolume(this.hypervisor, handle))
  }

  #withFlags({ flags = 0 }: FlagOptions): { pool: StoragePoolHandle; flags: number } {
    return { pool: this.handle, flags }
  }
}
