import { array, assert, nat, property } from 'fast-check'
import { expect, test } from 'vitest'
import { PcapCutter } from './pcap-cutter.ts'
import { pcapOf } from './testing/pcap.ts'

const frames = [Buffer.alloc(100, 1), Buffer.alloc(0), Buffer.alloc(50, 2), Buffer.alloc(200, 3)]

test('passes a capture through, however it is cut into pieces', () => {
  for (const littleEndian of [true, false]) {
    const whole = pcapOf(frames, littleEndian)
    assert(
      property(array(nat(whole.length)), (cuts) => {
        const cutter = new PcapCutter(10_000)
        const places = [0, ...cuts.toSorted((a, b) => a - b), whole.length]
        const pieces = places.map((place, index) => whole.subarray(place, places[index + 1]))
        expect(Buffer.concat(pieces.map((piece) => cutter.push(piece)))).toEqual(whole)
        expect(cutter).toMatchObject({ packets: 4, bytes: whole.length, full: false })
      }),
    )
  }
})

test('ends with the last packet that fits its limit, and passes none after it', () => {
  const whole = pcapOf(frames)
  const two = pcapOf(frames.slice(0, 2))
  for (const limit of [two.length, two.length + 65]) {
    const cutter = new PcapCutter(limit)
    expect(cutter.push(whole)).toEqual(two)
    expect(cutter).toMatchObject({ packets: 2, bytes: two.length, full: true })
    expect(cutter.push(Buffer.alloc(16))).toHaveLength(0)
  }
})

test('keeps back a packet that is not there in full', () => {
  const cutter = new PcapCutter(10_000)
  const two = pcapOf(frames.slice(0, 2))
  expect(cutter.push(pcapOf(frames.slice(0, 3)).subarray(0, -1))).toEqual(two)
})

test.each([
  ['no capture', Buffer.alloc(100, 65)],
  ['a packet of 4 GB', Buffer.concat([pcapOf([]), Buffer.alloc(16, 255)])],
])('refuses %s', (_what, bytes) => {
  expect(() => new PcapCutter(10_000).push(bytes)).toThrow(expect.objectContaining({ code: 'TOOL_FAILED' }))
})
