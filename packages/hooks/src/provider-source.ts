import { once } from 'node:events'
import { type PacketCapture, SeeError } from '@see/core'
import type { PacketSource } from './packet-source.ts'

/** Packets that the provider itself captures. */
export function providerSource(capture: PacketCapture): PacketSource {
  const { packets } = capture
  return {
    packets,
    ended: once(packets, 'close').catch(() => undefined),
    get isRunning() {
      return !packets.destroyed
    },
    stop: () => capture.stop(),
    failure: async () => stoppedByItself(),
    problem: async ({ stopping }) => (stopping ? undefined : stoppedByItself()),
  }
}

function stoppedByItself(): SeeError {
  return new SeeError('TOOL_FAILED', 'the provider stopped capturing by itself')
}
