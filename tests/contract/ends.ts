import { setTimeout } from 'node:timers/promises'
import { Environment, type SeeContext } from '@see/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { poweredOn, sh } from './in-guest.ts'
import { GUEST_MS, type Provider } from './provider.ts'
import { expectRefusals, expectTransition, recorded } from './transitions.ts'

/** The time after which a guest that was asked to be stubborn is. */
const STUBBORN_MS = 4000

/** By a script of the guest's own. */
async function become(context: SeeContext, script: string, state: 'pmsuspended' | 'crashed'): Promise<void> {
  const fired = recorded(context)
  // On a host with other work the guest may be gone before it has answered.
  await sh(context, script).catch(() => undefined)
  await expect.poll(() => context.state(), { timeout: 20_000 }).toBe(state)
  // A suspended guest has not ended.
  await expect.poll(() => fired).toEqual(state === 'crashed' ? ['domain_crashed'] : [])
  await expectRefusals(context, state)
}

/** What happens to a guest that does not do what it is asked for, or ends without a request. */
export function endsContract({ name, factory, guest, leftOf }: Provider): void {
  describe(`a wilful guest of ${name}`, { timeout: 2 * GUEST_MS }, () => {
    let environments: Environment[]
    let context: SeeContext
    let other: SeeContext

    beforeAll(async () => {
      const both = await Promise.all([Environment.allocate(factory), Environment.allocate(factory)])
      environments = both
      context = both[0].context
      other = both[1].context
      await Promise.all([poweredOn(context), poweredOn(other)])
    }, 2 * GUEST_MS)
    afterAll(async () => {
      await Promise.all(environments.map((environment) => environment.deallocate()))
      for (const { identifier } of environments) expect(await leftOf(identifier)).toEqual([])
    }, GUEST_MS)

    const { sleep, crash, stubborn } = guest
    if (sleep !== undefined) {
      test('that suspended itself is woken', async () => {
        await become(context, sleep, 'pmsuspended')
        await expectTransition(context, 'resume')
        await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
      })
    }

    if (crash !== undefined) {
      test('that crashed runs again after a restart, after a poweron, and after a power cycle', async () => {
        await Promise.all([become(context, crash, 'crashed'), become(other, crash, 'crashed')])
        await expect(context.agent.ping()).rejects.toMatchObject({ code: 'GUEST_STOPPED' })
        await expectTransition(context, 'restart')
        await expectTransition(other, 'poweroff')
        const ready = [context.agent.waitUntilReady({ timeoutMs: GUEST_MS }), poweredOn(other)]
        await Promise.all(ready)
        await become(context, crash, 'crashed')
        await expectTransition(context, 'poweron')
        await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
      })
    }

    if (sleep !== undefined) {
      test('that suspended itself can have its power cut', async () => {
        await become(other, sleep, 'pmsuspended')
        await expectTransition(other, 'poweroff')
      })
    }

    test('that ignores its shutdown is given up after the timeout; once it stops on its own, it is off', async () => {
      await sh(context, stubborn)
      await setTimeout(STUBBORN_MS)
      const fired = recorded(context)
      await expect(context.shutdown({}, { timeoutMs: 1000 })).rejects.toMatchObject({
        code: 'SHUTDOWN_TIMEOUT',
        message: expect.any(String),
      })
      // The order of once: options first.
      await expect(context.shutdown({ timeoutMs: 500 }, { reason: 'again' })).rejects.toMatchObject({
        code: 'SHUTDOWN_TIMEOUT',
        message: expect.stringContaining('500 ms'),
      })
      expect([await context.state(), fired]).toEqual(['running', ['pre_shutdown', 'pre_shutdown']])
      await expect.poll(() => context.state(), { timeout: GUEST_MS, interval: 100 }).toBe('shutoff')
      await expect(context.agent.ping()).rejects.toMatchObject({ code: 'GUEST_STOPPED' })
      await expectRefusals(context, 'shutoff')
      expect(fired).toEqual(['pre_shutdown', 'pre_shutdown'])
      await expectTransition(context, 'poweron')
    })

    // Only they have a reset line.
    if (crash !== undefined) {
      test('that reboots instead of shutting down is asked again', async () => {
        await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
        await context.domain.reset()
        await expectTransition(context, 'shutdown')
      })
    }
  })
}
