import type { SeeContext } from '@see/core'
import { expect } from 'vitest'
import { GUEST_MS } from './provider.ts'

/** What a script of the guest's shell prints. */
export async function sh(context: SeeContext, script: string): Promise<string> {
  const { stdout, stderr, exitCode } = await context.agent.exec(['/bin/sh', '-c', script])
  expect([stderr.toString(), exitCode]).toEqual(['', 0])
  return stdout.toString()
}

export async function poweredOn(context: SeeContext): Promise<void> {
  await context.poweron()
  await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
}

/** While it boots, there is no answer. */
export async function waitForNextBoot(context: SeeContext, bootMark: string, before: string): Promise<void> {
  const asked = expect.poll(() => sh(context, bootMark).catch(() => before), {
    timeout: GUEST_MS,
    interval: 200,
  })
  await asked.not.toBe(before)
}
