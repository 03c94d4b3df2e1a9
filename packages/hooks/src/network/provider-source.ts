import { once } from 'node:events'
import { type PacketCapture, SeeError } from '@see/core'
import type { PacketSource } from './packet-source.ts'

/** Packets that the provider itself captures. */
export function providerSource(capture: PacketCapture): PacketSource {
  const { packets } = capture
  const failureOf = () => new SeeError('TOOL_FAILED', capture.loss ?? 'the provider stopped capturing')
  return {
    name: "the guest's interface",
    packets,
    ended: once(packets, 'close').catch(() => undefined),
    get isRunning() {
      return !packets.destroyed
    },
    missing: () => (capture.beganLate ? 'unknown' : 0),
    stop: () => capture.stop(),
    failure: async () => failureOf(),
    outcome: async (stopping) => {
      return { failure: stopping && capture.loss === undefined ? undefined : failureOf(), dropped: 0 }
    },
  }
}
