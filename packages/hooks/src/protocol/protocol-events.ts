import type { Attributes } from '@see/core'

declare module '@see/core' {
  interface EventMap {
    /** The guest has an address. Fired by protocols. */
    ip_address: {
      /** The IPv4 address. */
      readonly address: string
    }
    /** The guest is paused and its state may be captured. Fired by protocols. */
    snapshots_capture: Attributes
    /** The guest is shut down and its evidence may be analysed. Fired by protocols. */
    start_analysis: Attributes
    /** The analyses that were started must be awaited. Fired by protocols. */
    wait_analysis: Attributes
  }
}

/** The events by which a protocol reports its progress to the hooks. */
export type ProtocolEvent = 'ip_address' | 'snapshots_capture' | 'start_analysis' | 'wait_analysis'
