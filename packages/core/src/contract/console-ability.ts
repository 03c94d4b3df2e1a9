import type { WaitOptions } from './wait-options.ts'

/** What the guest writes to its console. The reader bounds it, and destroys it to let go. */
export interface ConsoleStream extends AsyncIterable<Uint8Array> {
  destroy(): unknown
}

/** Reads the guest's first console. */
export interface ConsoleAbility {
  /** Whether this sandbox's configuration gives the guest a console. */
  isConfigured(): Promise<boolean>
  /** Opens the console of a running guest, which can have one reader. The signal may end an open one as well. */
  open(options?: WaitOptions): Promise<ConsoleStream>
}
