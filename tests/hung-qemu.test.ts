import { expect, onTestFinished, test } from 'vitest'
import { processOf } from './contract/unasked.ts'
import { embeddedEnvironment } from './support/embedded-guest.ts'
import { processes } from './support/leftovers.ts'

/** What a wait may take beyond its bound, on a busy host. */
const SLACK_MS = 10_000
const TEST_MS = 60_000

const qemusOf = (identifier: string) =>
  processes(({ commandLine }) => /^\S*qemu-system/.test(commandLine) && commandLine.includes(identifier))

async function elapsed(work: () => Promise<unknown>): Promise<number> {
  const beganAt = performance.now()
  await work()
  return performance.now() - beganAt
}

/** Stops QEMU as soon as there is one. */
function stopAsItStarts(identifier: string): () => boolean {
  let isStopped = false
  const timer = setInterval(() => {
    try {
      process.kill(processOf('qemu-system', identifier), 'SIGSTOP')
      isStopped = true
      clearInterval(timer)
    } catch {
      // There is none yet.
    }
  }, 2)
  onTestFinished(() => clearInterval(timer))
  return () => isStopped
}

test('a QEMU that is stopped as it starts: the poweron ends in time, and it is killed', {
  timeout: TEST_MS,
}, async () => {
  const environment = await embeddedEnvironment()
  const { context, identifier } = environment
  const isStopped = stopAsItStarts(identifier)
  const took = await elapsed(async () => {
    const given = context.poweron({ why: 'a test' }, { timeoutMs: 2000 })
    await expect(given).rejects.toMatchObject({
      code: 'TRANSITION_TIMEOUT',
      message: expect.stringMatching(/2000 ms to power the guest on.*poweroff\(\) and deallocate\(\)/),
    })
  })
  expect([isStopped(), took < 2000 + SLACK_MS]).toEqual([true, true])
  expect([await context.state(), context.guestEnds]).toEqual(['shutoff', []])
  // It waits for the end of the one that was given up.
  await context.poweron()
  expect(qemusOf(identifier)).toHaveLength(1)
  await environment.deallocate()
  expect(qemusOf(identifier)).toEqual([])
})

test('a power-on that is aborted kills its QEMU', { timeout: TEST_MS }, async () => {
  const environment = await embeddedEnvironment()
  const { context, identifier } = environment
  const abort = new AbortController()
  const isStopped = stopAsItStarts(identifier)
  const given = context.poweron({}, { signal: abort.signal })
  given.catch(() => undefined)
  await expect.poll(isStopped, { timeout: SLACK_MS }).toBe(true)
  abort.abort(new Error('enough'))
  await expect(given).rejects.toThrow('enough')
  await expect.poll(() => qemusOf(identifier), { timeout: SLACK_MS }).toEqual([])
  expect(await context.state()).toBe('shutoff')
})

test('a QEMU that is stopped while it runs: every wait ends in time, and its power can be cut', {
  timeout: TEST_MS,
}, async () => {
  const environment = await embeddedEnvironment()
  const { context, identifier } = environment
  await context.poweron()
  const { domain } = context
  process.kill(domain.qemu.pid, 'SIGSTOP')
  for (const transition of ['pause', 'restart'] as const) {
    const took = await elapsed(async () => {
      const given = context[transition]({}, { timeoutMs: 300 })
      await expect(given).rejects.toMatchObject({ code: 'TRANSITION_TIMEOUT' })
    })
    expect(took).toBeLessThan(300 + SLACK_MS)
  }
  await expect(context.shutdown({}, { timeoutMs: 300 })).rejects.toMatchObject({ code: 'SHUTDOWN_TIMEOUT' })
  const wait = { timeoutMs: 100 }
  const waits = [
    domain.getState(wait),
    domain.suspend(wait),
    domain.resume(wait),
    domain.reset(wait),
    domain.reboot(wait),
    domain.shutdown(wait),
    domain.pmWakeup(wait),
    domain.interfaceAddresses('agent', wait),
    domain.screenshot(wait),
    domain.coreDump('/dev/null', { format: 'raw', flags: 16, ...wait }),
  ]
  const late = { status: 'rejected', reason: expect.objectContaining({ code: 'HYPERVISOR_TIMEOUT' }) }
  expect(await Promise.allSettled(waits)).toEqual(waits.map(() => late))
  await context.poweroff({}, { timeoutMs: 10_000 })
  expect([await context.state(), qemusOf(identifier)]).toEqual(['shutoff', []])
})

test('an environment whose QEMU is stopped ends, and kills it', { timeout: TEST_MS }, async () => {
  const environment = await embeddedEnvironment()
  const { context, identifier } = environment
  await context.poweron()
  process.kill(context.domain.qemu.pid, 'SIGSTOP')
  const took = await elapsed(() => environment.deallocate({ timeoutMs: 10_000 }))
  expect([took < 10_000, qemusOf(identifier)]).toEqual([true, []])
})
