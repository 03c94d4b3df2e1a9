import { expect, test } from 'vitest'
import { parseTimeline } from './parse-timeline.ts'

const version = { type: 'see-timeline', version: 2, identifier: 'one', timestamp: 1_000, monotonic: 5 }
const event = {
  type: 'event',
  sequence: 1,
  name: 'pre_poweron',
  origin: 'environment',
  timestamp: 1_001,
  t: 1,
  attributes: { reason: 'demo', deep: { list: [1, null] } },
}
const run = { sequence: 1, run: 1, handler: 'a.b', asynchronous: false, timestamp: 1_002 }
const start = { type: 'handler_start', ...run, t: 2 }
const end = { type: 'handler_end', ...run, t: 3, durationMs: 1, error: 'no luck' }

function bytesOf(...lines: readonly unknown[]): Uint8Array {
  return new TextEncoder().encode(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
}

test('a timeline is read as it was written', () => {
  expect(parseTimeline(bytesOf(version, event, start, end))).toEqual({
    version,
    lines: [event, start, end],
    missing: [],
  })
})

test('a torn last line is left out, and said to be', () => {
  const whole = bytesOf(version, event, start)
  for (const lost of [1, 10, 60]) {
    const read = parseTimeline(whole.subarray(0, -lost), 'x_timeline.jsonl')
    expect(read.lines).toEqual([event])
    expect(read.missing).toEqual(['the last line of x_timeline.jsonl, which was cut short'])
  }
})

test('lines that are no lines are left out, each said to be, and those after them are read', () => {
  const text = `${JSON.stringify(version)}\nnonsense\n\n{"type":"else"}\n[]\n${JSON.stringify(start)}\n`
  const read = parseTimeline(new TextEncoder().encode(text), 'x')
  expect(read.lines).toEqual([start])
  expect(read.missing).toEqual([
    'line 2 of x, which is not JSON',
    'line 4 of x, which is no line of a timeline',
    'line 5 of x, which is no line of a timeline',
  ])
})

test('what is wrong in a damaged timeline does not fill the memory', () => {
  const read = parseTimeline(new TextEncoder().encode(`${JSON.stringify(version)}\n${'x\n'.repeat(100_000)}`))
  expect(read.missing).toHaveLength(101)
  expect(read.missing.at(-1)).toBe('99900 more')
})

test('a timeline without its first line is read, and its beginning said to be missing', () => {
  const read = parseTimeline(bytesOf(event, end), 'x')
  expect(read).toMatchObject({ version: undefined, lines: [event, end] })
  expect(read.missing).toEqual(['the first line of x, which says when it began'])
  expect(parseTimeline(new Uint8Array()).missing).toHaveLength(1)
})

test('a newer timeline, and one of version 1, are refused', () => {
  expect(() => parseTimeline(bytesOf({ ...version, version: 3 }))).toThrow(
    expect.objectContaining({ code: 'EVIDENCE_NEWER' }),
  )
  const first = {
    type: 'event',
    sequence: 1,
    name: 'a',
    origin: 'b',
    timestamp: 1,
    attributes: {},
    handlers: [],
  }
  expect(() => parseTimeline(bytesOf(first))).toThrow(/of version 1; read its folder by readEvidence/)
})
