import type { WaitOptions } from './wait-options.ts'

/** What a provider knows of a guest that does not get ready. Both texts may come from the guest: their reader bounds them. */
export interface GuestClues {
  /** The end of what the hypervisor wrote on its standard error; undefined when that cannot be read. */
  readonly hypervisorErrors?: (options: WaitOptions) => Promise<string | undefined>
  /** The text on the guest's screen; undefined when the screen shows no text that can be read. */
  readonly screenText?: (options: WaitOptions) => Promise<string | undefined>
}
