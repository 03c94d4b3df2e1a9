import { type Environment, WarmPool } from '@see/core'
import { describe, expect, test } from 'vitest'
import { sh } from './in-guest.ts'
import { GUEST_MS, type Provider } from './provider.ts'
import { expectRefusals, expectTransition, recorded } from './transitions.ts'

/** What a warm pool hands out is a sandbox of the provider's like any other. */
export function poolContract(provider: Provider): void {
  describe(`a warm pool of ${provider.name}`, { timeout: 2 * GUEST_MS }, () => {
    test('hands out what is booted already, replaces it, and leaves nothing', async () => {
      const pool = await WarmPool.create(provider.factory, { size: 1 })
      const environments: Environment[] = []
      try {
        const environment = await pool.allocate()
        environments.push(environment)
        const { context } = environment
        const fired = recorded(context)
        await expectRefusals(context, 'shutoff')
        await expectTransition(context, 'poweron')
        const booted = await sh(context, provider.guest.bootMark)
        const address = await context.waitForIp4Address({ timeoutMs: GUEST_MS })
        await expect.poll(() => sh(context, 'ip -4 address show eth0')).toContain(`inet ${address}/`)
        await expectTransition(context, 'pause')
        await expectTransition(context, 'resume')
        expect(await sh(context, provider.guest.bootMark)).toBe(booted)
        await expectTransition(context, 'poweroff')
        await expectTransition(context, 'poweron')
        expect(fired.slice(0, 2)).toEqual(['pre_poweron', 'post_poweron'])
        await expect.poll(() => pool.waiting, { timeout: GUEST_MS }).toBe(1)
        const second = await pool.allocate()
        environments.push(second)
        expect(second.identifier).not.toBe(environment.identifier)
      } finally {
        await Promise.all([pool.close(), ...environments.map((environment) => environment.deallocate())])
      }
      for (const { identifier } of environments) expect(await provider.leftOf(identifier)).toEqual([])
    })

    test('that is aborted while it fills leaves nothing', async () => {
      const made: string[] = []
      const factory: typeof provider.factory = (identifier, options) => {
        made.push(identifier)
        return provider.factory(identifier, options)
      }
      const filling = WarmPool.create(factory, { size: 2, signal: AbortSignal.timeout(400) })
      await filling.then(
        (pool) => pool.close(),
        (error: unknown) => expect(error).toMatchObject({ name: 'TimeoutError' }),
      )
      expect(made.length).toBeGreaterThan(0)
      for (const identifier of made) expect(await provider.leftOf(identifier)).toEqual([])
    })
  })
}
