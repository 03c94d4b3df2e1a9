import type { EvidenceWarning } from '@see/core'

declare module '@see/core' {
  interface EventMap {
    /** Fired by NetworkTracerHook: every packet from now on is in the trace. */
    network_tracing_started: {
      /** The file on this host, in the pcap format. */
      readonly path: string
    }
    /** Fired by NetworkTracerHook: the trace is complete and may be read. */
    network_tracing_stopped: {
      /** The file on this host, in the pcap format. */
      readonly path: string
      /** How many are in the trace. */
      readonly packets: number
      /** Size of the file, in bytes. */
      readonly bytes: number
      /** What the guest sent or received that is not in the trace. */
      readonly warnings: readonly EvidenceWarning[]
    }
  }
}

/** The events that NetworkTracerHook fires. */
export type NetworkEvent = 'network_tracing_started' | 'network_tracing_stopped'
