import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Environment, type EnvironmentOptions, type HooksSource, type SeeContext } from '@see/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { agentContract } from './agent.ts'
import { expectAbilities, expectEvidence, stockHooks, workInGuest } from './hooks.ts'
import { sh, waitForNextBoot } from './in-guest.ts'
import { GUEST_MS, type Provider } from './provider.ts'
import { expectRefusals, expectTransition, recorded } from './transitions.ts'

/**
 * What every provider's sandbox does in its life: one with all hooks that collect something, another beside it, and a
 * third that is hardly there. The tests are steps of one life, in this order.
 */
export function lifeContract(provider: Provider): void {
  describe(`the life of a sandbox of ${provider.name}`, { timeout: GUEST_MS }, () => {
    const identifier = randomUUID()
    const folder = mkdtempSync(join(tmpdir(), 'see-contract-'))
    const results = join(folder, identifier)
    const environments: Environment[] = []
    const allocate = async (hooks: HooksSource = {}, options: EnvironmentOptions = {}) => {
      const environment = await Environment.allocate(provider.factory, hooks, options)
      environments.push(environment)
      return environment
    }
    let context: SeeContext
    let beside: Environment
    let fired: string[]
    let firedBeside: string[]

    beforeAll(async () => {
      const [environment, other] = await Promise.all([
        allocate(stockHooks(provider, results), { identifier }),
        allocate(),
      ])
      beside = other
      context = environment.context
      fired = recorded(context)
      firedBeside = recorded(beside.context)
    }, GUEST_MS)
    afterAll(async () => {
      await Promise.all(environments.map((environment) => environment.deallocate()))
      rmSync(folder, { recursive: true })
    }, GUEST_MS)

    test('it can do what its provider declares; a hook that needs more is refused', async () => {
      await expectAbilities(context, provider)
    })

    test('while off: only poweron is allowed, no address, agent calls fail', async () => {
      await expectRefusals(context, 'shutoff')
      expect(await context.ip4Address()).toBeUndefined()
      await expect(context.waitForIp4Address()).rejects.toMatchObject({ code: 'GUEST_STOPPED' })
      await expect(context.agent.exec(['true'])).rejects.toMatchObject({ code: 'GUEST_STOPPED' })
    })

    test('poweron starts it', async () => {
      await Promise.all([expectTransition(context, 'poweron'), beside.context.poweron()])
      await expectRefusals(context, 'running')
      const ready = [context, beside.context].map(({ agent }) =>
        agent.waitUntilReady({ timeoutMs: GUEST_MS }),
      )
      await Promise.all(ready)
    })

    test('it has the addresses that it says it has', async () => {
      const address = await context.waitForIp4Address({ timeoutMs: GUEST_MS })
      await expect.poll(() => sh(context, 'ip -4 address show eth0')).toContain(`inet ${address}/`)
      expect(await sh(context, 'cat /sys/class/net/eth0/address')).toBe(`${context.macAddress()}\n`)
    })

    agentContract(() => context)

    test('hooks work in it, and with it while it is paused', async () => {
      await workInGuest(context, provider, results)
      await expectTransition(context, 'pause')
      await expectRefusals(context, 'paused')
      await context.trigger('snapshots_capture')
      expect(fired).toContain('a_moment_later')
      await expectTransition(context, 'resume')
      await context.agent.ping()
      expect(context.failures).toEqual([])
    })

    test('another beside it has its own address and events, and can end while it is paused', async () => {
      const addresses = await Promise.all([context, beside.context].map((each) => each.waitForIp4Address()))
      expect(new Set([...addresses, context.macAddress(), beside.context.macAddress()]).size).toBe(4)
      await beside.context.pause()
      expect(firedBeside).toEqual(['pre_poweron', 'post_poweron', 'pre_pause', 'post_pause'])
      expect(await provider.leftOf(beside.identifier)).not.toEqual([])
      await beside.deallocate()
      expect(await provider.leftOf(beside.identifier)).toEqual([])
      await context.agent.ping()
    })

    test('restart reboots it', async () => {
      const { bootMark } = provider.guest
      const before = await sh(context, bootMark)
      await expectTransition(context, 'restart')
      await waitForNextBoot(context, bootMark, before)
    })

    test('shutdown waits until it is off', async () => {
      await expectTransition(context, 'shutdown')
      await expectRefusals(context, 'shutoff')
      expect(await context.ip4Address()).toBeUndefined()
    })

    test('its power can be cut while it runs and while it is paused, and it can be powered on again', async () => {
      await expectTransition(context, 'poweron')
      await expectTransition(context, 'poweroff')
      await expectTransition(context, 'poweron')
      await expectTransition(context, 'pause')
      await expectTransition(context, 'poweroff')
    })

    test('it leaves nothing but the evidence', async () => {
      const macAddress = context.macAddress() ?? ''
      expect(context.failures).toEqual([])
      await environments.find((each) => each.context === context)?.deallocate()
      expect(await provider.leftOf(identifier)).toEqual([])
      expectEvidence(provider, results, { macAddress, fired })
    })

    test('one that runs leaves nothing either', async () => {
      const running = await allocate()
      await running.context.poweron()
      await running.deallocate()
      expect(await provider.leftOf(running.identifier)).toEqual([])
      await expect(running.context.poweron()).rejects.toMatchObject({ code: 'CONTEXT_CLOSED' })
    })

    test('an allocation that is aborted at any moment leaves nothing', async () => {
      for (const delayMs of [0, 5, 20, 60, 150, 300]) {
        const aborted = { identifier: randomUUID(), signal: AbortSignal.timeout(delayMs) }
        await allocate(undefined, aborted).then(
          (environment) => environment.deallocate(),
          (error: unknown) => expect(error).toBe(aborted.signal.reason),
        )
        expect(await provider.leftOf(aborted.identifier)).toEqual([])
      }
    })
  })
}
