import type { Readable, Writable } from 'node:stream'
import type { CallOptions, FlagOptions } from '../common/abort.ts'
import type { Daemon } from './daemon.ts'
import type { StorageVolumeHandle } from '../protocol/handles.ts'

// virStorageVolType, in its order.
const types = ['file', 'block', 'dir', 'network', 'netdir', 'ploop'] as const

export interface StorageVolumeInfo {
  readonly type: (typeof types)[number] | 'unknown'
  readonly capacityBytes: number
  readonly allocationBytes: number
}

/** A part of a volume. */
export interface RangeOptions extends FlagOptions {
  /** In bytes; default 0. */
  readonly offset?: number | undefined
  /** In bytes; default 0, which means to the end. */
  readonly length?: number | undefined
}

/** libvirt's virStorageVol. */
export class StorageVolume<H extends Daemon = Daemon> {
  readonly hypervisor: H
  readonly handle: StorageVolumeHandle

  constructor(hypervisor: H, handle: StorageVolumeHandle) {
    this.hypervisor = hypervisor
    this.handle = handle
  }

  get name(): string {
    return this.handle.name
  }

  /** Unique on the host; a path for most pools. */
  get key(): string {
    return this.handle.key
  }

  /** The name of its pool. */
  get pool(): string {
    return this.handle.pool
  }

  equals(other: StorageVolume): boolean {
    return this.key === other.key
  }

  async getPath(options?: CallOptions): Promise<string> {
    return (await this.hypervisor.call('STORAGE_VOL_GET_PATH', { vol: this.handle }, options)).name
  }

  async getInfo(options?: CallOptions): Promise<StorageVolumeInfo> {
    const info = await this.hypervisor.call('STORAGE_VOL_GET_INFO', { vol: this.handle }, options)
    return {
      type: types[info.type] ?? 'unknown',
      capacityBytes: Number(info.capacity),
      allocationBytes: Number(info.allocation),
    }
  }

  async getXMLDesc(options: FlagOptions = {}): Promise<string> {
    const args = { vol: this.handle, flags: options.flags ?? 0 }
    return (await this.hypervisor.call('STORAGE_VOL_GET_XML_DESC', args, options)).xml
  }

  async delete(options: FlagOptions = {}): Promise<void> {
    await this.hypervisor.call('STORAGE_VOL_DELETE', { vol: this.handle, flags: options.flags ?? 0 }, options)
  }

  /** Writes into the volume; 'finish' means that the daemon has it all. The signal also aborts the upload. */
  async upload(options: RangeOptions = {}): Promise<Writable> {
    return (await this.hypervisor.openWritable('STORAGE_VOL_UPLOAD', this.#range(options), options)).stream
  }

  /** Reads the volume; the signal also aborts the download. Destroy the stream if it is not read to its end. */
  async download(options: RangeOptions = {}): Promise<Readable> {
    return (await this.hypervisor.openReadable('STORAGE_VOL_DOWNLOAD', this.#range(options), options)).stream
  }

  #range({ offset = 0, length = 0, flags = 0 }: RangeOptions): {
    vol: StorageVolumeHandle
    offset: bigint
    length: bigint
    flags: number
  } {
    return { vol: this.handle, offset: BigInt(offset), length: BigInt(length), flags }
  }
}
