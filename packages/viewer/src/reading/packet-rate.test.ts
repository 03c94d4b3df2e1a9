import { expect, test } from 'vitest'
import { pcap } from '../testing/pcap.ts'
import { packetRate } from './packet-rate.ts'

const STARTED = 1_790_000_000_000

test('packets are counted in the slice that they passed in', () => {
  const rate = packetRate(pcap([STARTED, STARTED + 5, STARTED + 399.9, STARTED - 1]), STARTED, 400)
  expect(rate?.slice).toBe(1)
  expect(rate?.packets.flatMap((count, at) => (count > 0 ? [[at, count]] : []))).toEqual([
    [0, 1],
    [5, 1],
    [399, 1],
  ])
  expect(rate?.bytes[5]).toBe(60)
})

test.each([
  ['nothing', new Uint8Array()],
  ['another format', new TextEncoder().encode('no trace at all, but longer than a header')],
  ['a trace without packets', pcap([])],
  ['a trace of another time', pcap([0])],
])('%s: no rate', (_what, bytes) => {
  expect(packetRate(bytes, STARTED, 400)).toBeNull()
})

test('a trace that is cut short is read up to there', () => {
  const whole = pcap([STARTED, STARTED + 5])
  const count = (bytes: Uint8Array) =>
    packetRate(bytes, STARTED, 400)?.packets.reduce((sum, each) => sum + each, 0)
  expect(count(whole.subarray(0, whole.length - 61))).toBe(1)
  // The header of a packet may claim any length.
  const wrong = Buffer.from(whole)
  wrong.writeUInt32LE(0xffffffff, 24 + 8)
  expect(count(wrong)).toBe(1)
})
