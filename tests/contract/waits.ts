import { Environment, type SeeContext } from '@see/core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { poweredOn } from './in-guest.ts'
import { GUEST_MS, type Provider } from './provider.ts'
import { expectTransition, recorded } from './transitions.ts'

/** What a wait may take beyond its bound, on a busy host. */
const SLACK_MS = 10_000
/** Moments of a power-on, from its first step to a guest that boots. */
const MOMENTS_MS = [0, 5, 20, 60, 150, 300, 600]

/** One that is to leave nothing when the test ends. */
async function allocate({ factory, leftOf }: Provider): Promise<Environment> {
  const environment = await Environment.allocate(factory)
  onTestFinished(async () => {
    await environment.deallocate()
    expect(await leftOf(environment.identifier)).toEqual([])
  }, GUEST_MS)
  return environment
}

/** Whether it was given up; then its error is the signal's reason. */
async function givenUp(context: SeeContext, signal: AbortSignal): Promise<boolean> {
  return await context.poweron({ why: 'a test' }, { signal }).then(
    () => false,
    (error: unknown) => {
      expect(error).toBe(signal.reason)
      return true
    },
  )
}

/** Waits for the provider end when their caller wants it, and leave a sandbox that can be used, and released. */
export function waitsContract(provider: Provider): void {
  describe(`waits for ${provider.name}`, { timeout: 3 * GUEST_MS }, () => {
    test('a poweron that is aborted at any moment is undone, and the next one is like any other', async () => {
      const { context } = await allocate(provider)
      const fired = recorded(context)
      for (const moment of MOMENTS_MS) {
        fired.length = 0
        const isGivenUp = await givenUp(context, AbortSignal.timeout(moment))
        expect(fired.includes('post_poweron')).toBe(!isGivenUp)
        if (!isGivenUp) await context.poweroff()
        await expect.poll(() => context.state(), { timeout: SLACK_MS }).toBe('shutoff')
      }
      expect(context.guestEnds).toEqual([])
      await poweredOn(context)
      await expectTransition(context, 'poweroff')
    })

    test('a poweron that takes too long is given up, and its environment leaves nothing', async () => {
      const { context } = await allocate(provider)
      const beganAt = performance.now()
      await expect(context.poweron({}, { timeoutMs: 1 })).rejects.toMatchObject({
        code: 'TRANSITION_TIMEOUT',
      })
      expect(performance.now() - beganAt).toBeLessThan(SLACK_MS)
    })

    test('what runs the guest is stopped: no wait is longer than its bound, and the power can be cut', async () => {
      const environment = await allocate(provider)
      const { context, identifier } = environment
      await context.poweron()
      const pid = provider.guest.unasked.process(identifier)
      process.kill(pid, 'SIGSTOP')
      for (const transition of ['pause', 'resume', 'restart'] as const) {
        const beganAt = performance.now()
        // libvirt pauses a container without the process that supervises it.
        await context[transition]({}, { timeoutMs: 500 }).catch((error: unknown) => {
          expect(error).toMatchObject({ code: expect.stringMatching(/TRANSITION_(TIMEOUT|FORBIDDEN)/) })
        })
        expect(performance.now() - beganAt).toBeLessThan(500 + SLACK_MS)
      }
      await context.poweroff()
      expect(await context.state()).toBe('shutoff')
      // Its parent may be slow to take note of its end.
      await expect.poll(() => isThere(pid)).toBe(false)
      await environment.deallocate({ timeoutMs: GUEST_MS / 3 })
    })
  })
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
