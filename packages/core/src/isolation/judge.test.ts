import { expect, test } from 'vitest'
import { judged, type Observation } from './judge.ts'

const host = { target: 'host', kind: 'tcp', address: '192.0.2.1', port: 4000, isOurs: true } as const
const internet = { target: 'internet', kind: 'tcp', address: '1.1.1.1', port: 53, isOurs: false } as const
const silent: Observation = { expected: 'forbidden', answer: 'blocked', arrived: false, control: undefined }

test.each([
  ['does not reach our listener', {}, 'blocked', 'as_expected'],
  ['reaches our listener', { arrived: true, answer: 'reached' }, 'reached', 'mismatch'],
  ['reaches it and denies it', { arrived: true, answer: 'blocked' }, 'reached', 'mismatch'],
  ['says that it reaches it, and nothing came', { answer: 'reached' }, 'blocked', 'as_expected'],
  ['says nothing', { answer: undefined }, 'unknown', 'unproved'],
  ['has no means to try', { answer: 'unable' }, 'unknown', 'unproved'],
  ['reaches it as it may', { expected: 'allowed', arrived: true }, 'reached', 'as_expected'],
  ['does not reach it though it may', { expected: 'allowed' }, 'blocked', 'less'],
] as const)('this host: a guest that %s', (_what, changes, seen, verdict) => {
  const observation: Observation = { ...silent, ...changes }
  expect(judged(host, observation)).toEqual({
    target: 'host',
    tried: '192.0.2.1:4000',
    expected: observation.expected,
    seen,
    by: 'host',
    control: null,
    verdict,
  })
})

test.each([
  ['is blocked where this host is not', { control: 'open' }, 'as_expected'],
  ['is blocked, as this host is', { control: 'blocked' }, 'unproved'],
  ['connects', { answer: 'reached', control: 'open' }, 'mismatch'],
  ['connects where this host does not', { answer: 'reached', control: 'blocked' }, 'mismatch'],
  ['is refused as this host is: it came there', { answer: 'refused', control: 'refused' }, 'mismatch'],
  ['is refused by a firewall', { answer: 'refused', control: 'open' }, 'as_expected'],
  ['connects to a sinkhole', { expected: 'sunk', answer: 'reached', control: 'open' }, 'unproved'],
  ['connects as it may', { expected: 'allowed', answer: 'reached', control: 'open' }, 'as_expected'],
  ['is blocked though it may not be', { expected: 'allowed', control: 'open' }, 'less'],
  ['says nothing', { answer: undefined, control: 'open' }, 'unproved'],
] as const)('the Internet: a guest that %s', (_what, changes, verdict) => {
  const line = judged(internet, { ...silent, ...changes })
  expect([line.verdict, line.by]).toEqual([verdict, 'guest'])
})
