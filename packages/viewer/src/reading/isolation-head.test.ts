import { expect, test } from 'vitest'
import { CaseInMemory } from '../testing/case-in-memory.ts'
import { fullCase } from '../testing/full-case.ts'
import { readCase } from './read-case.ts'

const reported = { from: [], reached: [], unproved: [], duration_ms: 5 }

function caseWith(isolation: object): CaseInMemory {
  const report: unknown = JSON.parse(new TextDecoder().decode(fullCase().files.get('run.json')))
  return new CaseInMemory().add('run_report', 'run.json', Object.assign({}, report, { isolation }))
}

test('why nothing was verified, and what was not reached though allowed, are in the head', async () => {
  const unprobed = await readCase(caseWith({ ...reported, unprobed: 'no shell' }))
  expect(unprobed.index.isolation).toMatchObject({ unprobed: 'no shell', from: [] })
  const missed = await readCase(caseWith({ ...reported, missed: ['example.org:443'] }))
  expect(missed.index.isolation).toMatchObject({ unprobed: null, missed: ['example.org:443'] })
})

test('a run that was killed after the probe has what the receipt says', async () => {
  const attempt = { tried: 'a', expected: 'forbidden', seen: 'blocked', by: 'host', control: true }
  const attempts = [
    { ...attempt, target: 'lan', verdict: 'as_expected' },
    { ...attempt, target: 'host', seen: 'reached', verdict: 'mismatch' },
    { ...attempt, target: 'host', verdict: 'as_expected' },
    { ...attempt, target: 'dns', verdict: 'unproved' },
    { ...attempt, target: 'allowed', tried: 'b:1', expected: 'allowed', verdict: 'mismatch' },
  ]
  const killed = new CaseInMemory()
  killed.complete = false
  killed.add('isolation', 'isolation.json', { mode: null, attempts, duration_ms: 5, unprobed: null })
  expect((await readCase(killed)).index).toMatchObject({
    head: null,
    isolation: { unprobed: null, from: ['lan'], reached: ['host'], missed: ['b:1'], unproved: ['dns'] },
  })
  expect((await readCase(new CaseInMemory())).index.isolation).toBeNull()
})
