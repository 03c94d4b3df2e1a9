import { expect, test } from 'vitest'
import { encodePacket } from '../protocol/packet.ts'
import { PendingCalls } from './pending-calls.ts'

const call = { program: 1, number: 2, settle: () => undefined }

test('serial numbers start again when they no longer fit their word', () => {
  const calls = new PendingCalls(0xffff_fffd)
  const serials = [1, 2, 3, 4].map(() => calls.add(call).serial)
  // The daemon's events have 0.
  expect(serials).toEqual([0xffff_fffe, 0xffff_ffff, 1, 2])
  const headers = new PendingCalls(0xffff_fffe)
  expect(encodePacket(headers.add(call))).toHaveLength(28)
  expect(encodePacket(headers.add(call))).toHaveLength(28)
})
