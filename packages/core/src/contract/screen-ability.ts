import type { WaitOptions } from './wait-options.ts'

/** The image of a guest's screen. The data comes from the guest: its reader bounds it. */
export interface Screenshot {
  readonly mimeType: string
  readonly data: AsyncIterable<Uint8Array>
}

/** Captures the guest's screen. */
export interface ScreenAbility {
  /** Whether this sandbox's configuration gives the guest a screen. */
  isConfigured(): Promise<boolean>
  capture(options?: WaitOptions): Promise<Screenshot>
}
