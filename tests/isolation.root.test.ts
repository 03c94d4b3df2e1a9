import { Environment, lxcFactory } from '@see/core'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { makeTinyContainer } from './support/tiny-container.ts'

const GUEST_MS = 60_000
const tiny = makeTinyContainer()
afterAll(() => tiny[Symbol.dispose]())

test.each([
  ['nat-no-lan', 'blocked as_expected'],
  ['isolated', 'reached as_expected'],
])('a container on a network %s: this host is %s', { timeout: GUEST_MS }, async (mode, host) => {
  const environment = await Environment.allocate(lxcFactory(tiny.resources({ network: { mode } })))
  onTestFinished(() => environment.deallocate(), GUEST_MS)
  const { context } = environment
  await context.poweron()
  await context.ready({ address: true, timeoutMs: GUEST_MS })
  const { lines, unprobed } = await context.verifyIsolation()
  expect(unprobed).toBeNull()
  const seen = lines
    .filter(({ target }) => target === 'host')
    .map(({ seen: what, verdict }) => `${what} ${verdict}`)
  expect(seen).toContain(host)
  expect(lines.filter(({ verdict }) => verdict === 'mismatch')).toEqual([])
})
