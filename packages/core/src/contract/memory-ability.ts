import type { WaitOptions } from './wait-options.ts'

export interface CoreDumpOptions extends WaitOptions {
  /** `raw` is an ELF file when the flag memoryOnly is set. */
  readonly format: 'raw' | 'kdump-zlib'
  /** libvirt's virDomainCoreDumpFlags. */
  readonly flags: number
}

/** Reads the guest's memory. */
export interface MemoryAbility {
  /** Writes it to a file, or into a named pipe, of the provider's host. */
  dump(path: string, options: CoreDumpOptions): Promise<void>
}
