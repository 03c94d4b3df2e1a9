import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Environment, type QemuResources, qemuFactory } from '@see/core'
import type { NetworkSummary } from '@see/hooks'
import { expect, onTestFinished, test } from 'vitest'
import { sharedTemplate } from './support/shared-template.ts'
import { temporaryFolder } from './support/temporary-folder.ts'
import { tinyGuestResources } from './support/tiny-guest.ts'

const GUEST_MS = 90_000

/** The tiny guest with its usual network, kept from the host's networks, and traced from before its first packet on. */
async function tracedGuest(resources: string): Promise<{
  environment: Environment<QemuResources>
  summary: () => NetworkSummary
}> {
  const results = temporaryFolder()
  const hooks = {
    configuration: { results_folder: results },
    hooks: [{ name: '@see/hooks#NetworkTracerHook' }, { name: '@see/hooks#NetworkAnalysisHook' }],
  }
  const environment = await Environment.allocate(qemuFactory(resources), hooks)
  onTestFinished(() => environment.deallocate(), 60_000)
  const path = join(results, `${environment.identifier}_network.json`)
  return { environment, summary: () => JSON.parse(readFileSync(path, 'utf8')) }
}

test('a guest that is kept from the host gets its address while it is traced', {
  timeout: GUEST_MS,
}, async () => {
  const { environment, summary } = await tracedGuest(tinyGuestResources())
  const { context } = environment
  await context.poweron()
  const address = await context.waitForIp4Address({ timeoutMs: 30_000 })
  await context.poweroff()
  await context.trigger('start_analysis')
  await context.trigger('wait_analysis')
  await context.settled()
  expect(context.failures).toEqual([])
  expect(summary().conversations).toContainEqual(
    expect.objectContaining({ destination: { address, port: 68 } }),
  )
})

test('the traffic of a guest that stopped on its own is analysed', { timeout: GUEST_MS }, async () => {
  const { environment, summary } = await tracedGuest(await sharedTemplate('libvirt'))
  const { context } = environment
  await context.poweron()
  await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
  await context.agent.exec(['/bin/sh', '-c', '(sleep 1; echo o >/proc/sysrq-trigger) >/dev/null 2>&1 &'])
  await expect.poll(() => context.state(), { timeout: GUEST_MS, interval: 100 }).toBe('shutoff')
  await context.trigger('start_analysis')
  await context.trigger('wait_analysis')
  await context.settled()
  expect(context.failures).toEqual([])
  expect(summary().packets).toBeGreaterThan(0)
})
