import type { Readable } from 'node:stream'
import type { SeeError } from '@see/core'

/** Whatever captures the packets of a guest. */
export interface PacketSource {
  /** A pcap file, whose header comes when the capture has begun. */
  readonly packets: Readable
  readonly isRunning: boolean
  /** Resolves when it has ended. */
  readonly ended: Promise<unknown>
  stop(graceMs: number): Promise<void>
  /** What to throw when it ended though it should not have. */
  failure(): Promise<SeeError>
  /** Why not everything is in the file, once it has ended. */
  problem(trace: { readonly path: string; readonly stopping: boolean }): Promise<SeeError | undefined>
}
