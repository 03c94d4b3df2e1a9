import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Environment, embeddedFactory, type NotReadyError, type SeeContext, SeeError } from '@see/core'
import { expect, onTestFinished, test } from 'vitest'
import { embeddedEnvironment, embeddedGuest } from './support/embedded-guest.ts'
import { sharedTemplate } from './support/shared-template.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const GUEST_MS = 60_000

function isNotReady(error: unknown): error is NotReadyError {
  return error instanceof SeeError && error.code === 'NOT_READY' && 'diagnosis' in error
}

async function failureOf(wait: Promise<unknown>): Promise<NotReadyError> {
  const error = await wait.catch((thrown: unknown) => thrown)
  if (isNotReady(error)) return error
  throw error
}

async function clone(): Promise<SeeContext> {
  const environment = await Environment.allocate(embeddedFactory(await sharedTemplate('embedded')))
  onTestFinished(() => environment.deallocate(), GUEST_MS)
  return environment.context
}

test('a clone is ready by its agent, by its address, and by what it writes on its console', {
  timeout: 150_000,
}, async () => {
  const context = await clone()
  await context.poweron()
  const ready = await context.ready({ timeoutMs: GUEST_MS })
  expect(ready).toMatchObject({ by: 'agent', detail: null })
  const address = await context.ready({ address: true, timeoutMs: GUEST_MS })
  expect(address).toMatchObject({ by: 'address', detail: await context.ip4Address() })
  const waiting = context.ready({ serial: /is (up|ready)/, timeoutMs: GUEST_MS })
  await context.agent.exec(['/bin/sh', '-c', 'sleep 0.3; echo the service is up >/dev/ttyS0'])
  expect(await waiting).toMatchObject({ by: 'serial', detail: '"is up"' })
  // This host is on no network on which it would reach the guest.
  await expect(context.ready({ port: 22 })).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' })
})

test('a guest without anything to boot is not ready, and the evidence says why', {
  timeout: GUEST_MS,
}, async () => {
  const folder = temporaryFolder()
  // QEMU runs as a user of its own.
  chmodSync(folder, 0o755)
  const image = join(folder, 'empty.qcow2')
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', image, '8M'])
  const results = join(folder, 'results')
  const { context, identifier } = await embeddedEnvironment(
    { machine: { memory: 64 }, disk: { image } },
    { configuration: { results_folder: results }, hooks: [{ name: '@see/hooks#ReadinessHook' }] },
  )
  await context.poweron()
  const error = await failureOf(context.ready({ timeoutMs: 6000 }))
  expect(error.message).toMatch(/is not ready after 6\.\d s \(agent\): no bootable device: /)
  const record = JSON.parse(readFileSync(join(results, `${identifier}_not-ready.json`), 'utf8'))
  expect(record).toMatchObject({
    cause: error.diagnosis.cause,
    state: 'running',
    agent_answers: false,
    addresses: [],
    screen_text: expect.stringContaining('No bootable device.'),
  })
  expect(record.events.map(({ name }: { name: string }) => name)).toEqual(['pre_poweron', 'post_poweron'])
  const picture = readFileSync(join(results, `${identifier}_not-ready.png`))
  expect(picture.subarray(1, 4).toString()).toBe('PNG')
})

test('a kernel that panics is not waited for any longer, and its last words are the cause', {
  timeout: GUEST_MS,
}, async () => {
  const { context } = await embeddedEnvironment(
    embeddedGuest({}, 'console=ttyS0', 'rdinit=/no/such/init', 'panic=0'),
  )
  await context.poweron()
  const { diagnosis } = await failureOf(context.ready({ timeoutMs: GUEST_MS }))
  expect(diagnosis.cause).toMatch(/^the kernel panicked: ".*Kernel panic - not syncing: /)
  expect(diagnosis.afterMs).toBeLessThan(30_000)
})
