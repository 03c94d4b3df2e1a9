import type { Readable } from 'node:stream'
import type { SeeError } from '@see/core'

/** How a source that has ended went. */
export interface SourceOutcome {
  /** Why it ended though it should not have. */
  readonly failure: SeeError | undefined
  /** Packets that came too fast. */
  readonly dropped: number
}

/** Captures the packets of one interface of a guest. */
export interface PacketSource {
  /** The interface, in a message. */
  readonly name: string
  /** A pcap file, whose header comes when the capture has begun. */
  readonly packets: Readable
  readonly isRunning: boolean
  /** Resolves when it has ended. */
  readonly ended: Promise<unknown>
  /**
   * Packets that the guest has sent so far and that are not captured, at most; unknown where they are not counted.
   * @param captured packets of the source that have come so far
   */
  missing(captured: number): number | 'unknown'
  stop(graceMs: number): Promise<void>
  /** What to throw when it ended though it should not have. */
  failure(): Promise<SeeError>
  /** @param stopping whether it ended because it was stopped */
  outcome(stopping: boolean): Promise<SourceOutcome>
}
