import { array, assert, nat, property } from 'fast-check'
import { expect, test } from 'vitest'
import { FILE_HEADER, PcapCutter, TraceBudget } from './pcap-cutter.ts'
import { pcapOf } from '../testing/pcap.ts'

const frames = [Buffer.alloc(100, 1), Buffer.alloc(0), Buffer.alloc(50, 2), Buffer.alloc(200, 3)]

test('passes a capture through, however it is cut into pieces', () => {
  const whole = pcapOf(frames)
  assert(
    property(array(nat(whole.length)), (cuts) => {
      const budget = new TraceBudget(10_000)
      const cutter = new PcapCutter(budget)
      const places = [0, ...cuts.toSorted((a, b) => a - b), whole.length]
      const pieces = places.map((place, index) => whole.subarray(place, places[index + 1]))
      expect(Buffer.concat(pieces.map((piece) => cutter.push(piece)))).toEqual(whole.subarray(FILE_HEADER))
      expect(budget).toMatchObject({ packets: 4, bytes: whole.length, cut: 0, full: false })
    }),
  )
})

test('ends with the last packet that fits its limit, and passes none after it', () => {
  const whole = pcapOf(frames)
  const two = pcapOf(frames.slice(0, 2))
  for (const limit of [two.length, two.length + 65]) {
    const budget = new TraceBudget(limit)
    const cutter = new PcapCutter(budget)
    expect(cutter.push(whole)).toEqual(two.subarray(FILE_HEADER))
    expect(budget).toMatchObject({ packets: 2, bytes: two.length, beyond: 2, full: true })
    expect(cutter.push(Buffer.alloc(16))).toHaveLength(0)
    expect(budget).toMatchObject({ packets: 2, beyond: 3 })
  }
})

test('counts the packets of which only the beginning is there', () => {
  const budget = new TraceBudget(10_000)
  const capture = pcapOf(frames)
  // What the first packet had on the wire.
  capture.writeUInt32LE(1500, FILE_HEADER + 12)
  new PcapCutter(budget).push(capture)
  expect(budget).toMatchObject({ packets: 4, cut: 1 })
})

test('keeps back a packet that is not there in full', () => {
  const cutter = new PcapCutter(new TraceBudget(10_000))
  const two = pcapOf(frames.slice(0, 2))
  expect(cutter.push(pcapOf(frames.slice(0, 3)).subarray(0, -1))).toEqual(two.subarray(FILE_HEADER))
})

test.each([
  ['a capture of another link type', Buffer.concat([pcapOf([]).subarray(0, 20), Buffer.of(113, 0, 0, 0)])],
  ['no capture', Buffer.alloc(100, 65)],
  ['a packet of 4 GB', Buffer.concat([pcapOf([]), Buffer.alloc(16, 255)])],
])('refuses %s', (_what, bytes) => {
  expect(() => new PcapCutter(new TraceBudget(10_000)).push(bytes)).toThrow(
    expect.objectContaining({ code: 'TOOL_FAILED' }),
  )
})
