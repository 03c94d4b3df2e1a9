import { expect, test } from 'vitest'
import { kindFacts } from '../manifest/kinds.ts'
import { isReadableKind, parseEvidence, type ParsedEvidence } from './parse-evidence.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)
const analysis = {
  event: 'memory_snapshot_taken',
  evidence: '/results/one_post_pause.elf',
  command: ['/usr/bin/strings', '/results/one_post_pause.elf'],
  status: 'finished',
  exit_code: 0,
  exceeded: null,
  started: '2026-01-02T03:04:05.678Z',
  duration_ms: 12,
  error: null,
  warnings: [],
}

function summary(evidence: ParsedEvidence): string {
  if (evidence.kind === 'sinkhole_requests') return `${evidence.value.lines.length} requests`
  if (evidence.kind === 'analysis_record') return evidence.value.status
  return evidence.kind
}

test('a file is read by its kind, and its type follows', () => {
  const { value } = parseEvidence('analysis_record', bytesOf(JSON.stringify(analysis)))
  expect(value.command[0]).toBe('/usr/bin/strings')
  expect(value).toEqual(analysis)
})

test('the kind of what was read decides what it is', () => {
  const requests =
    '{"time":"2026-01-02T03:04:05Z","kind":"ping","address":"192.0.2.1"}\n{"kind":"nothing"}\n{"time"'
  const read = parseEvidence('sinkhole_requests', bytesOf(requests), 'x_sinkhole.jsonl')
  expect(summary(read)).toBe('1 requests')
  expect(read.value.missing).toEqual([
    'the last line of x_sinkhole.jsonl, which was cut short',
    'line 2 of x_sinkhole.jsonl, which is no request',
  ])
  expect(summary(parseEvidence('analysis_record', bytesOf(JSON.stringify(analysis))))).toBe('finished')
})

test.each([
  ['{"event":', /one_analysis_1\.json is not JSON: it may have been cut short/],
  ['{"event": 1}', /one_analysis_1\.json is not what its kind holds: .*expected string/s],
  ['null', /is not what its kind holds/],
])('%s is refused', (text, why) => {
  expect(() => parseEvidence('analysis_record', bytesOf(text), 'one_analysis_1.json')).toThrow(
    expect.objectContaining({ code: 'EVIDENCE_INVALID', message: expect.stringMatching(why) }),
  )
})

test('kinds whose content is bytes are not read', () => {
  const kinds = Object.keys(kindFacts)
  expect(isReadableKind('x-mine')).toBe(false)
  expect(isReadableKind('screenshot')).toBe(false)
  expect(isReadableKind('timeline')).toBe(true)
  expect(kinds).toContain('screenshot')
})
