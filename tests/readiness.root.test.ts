import { Environment, lxcFactory } from '@see/core'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { makeTinyContainer } from './support/tiny-container.ts'
import { tinyGuestEnvironment } from './support/tiny-guest.ts'

const GUEST_MS = 60_000
const tiny = makeTinyContainer()
afterAll(() => tiny[Symbol.dispose]())

test('a container is ready by its agent, by an open port, and by what it wrote on its console', {
  timeout: GUEST_MS,
}, async () => {
  const network = { network: { mode: 'isolated' } }
  const environment = await Environment.allocate(lxcFactory(tiny.resources(network)))
  onTestFinished(() => environment.deallocate(), GUEST_MS)
  const { context } = environment
  await context.poweron()
  expect(await context.ready({ timeoutMs: GUEST_MS })).toMatchObject({ by: 'agent' })
  const waiting = context.ready({ port: 4321, timeoutMs: GUEST_MS })
  const listen = 'echo listening >/dev/console; nc -l -p 4321 -e true & sleep 0.1'
  await context.agent.exec(['/bin/sh', '-c', listen])
  expect(await waiting).toMatchObject({ by: 'port', detail: `${await context.ip4Address()}:4321` })
  const serial = await context.ready({ serial: /listening/, timeoutMs: GUEST_MS })
  expect(serial).toMatchObject({ by: 'serial', detail: '"listening"' })
})

test('a guest through libvirt is ready by its agent, and says what it lacks when it is not', {
  timeout: 2 * GUEST_MS,
}, async () => {
  const { context } = await tinyGuestEnvironment()
  await context.poweron()
  expect(await context.ready({ timeoutMs: GUEST_MS })).toMatchObject({ by: 'agent' })
  await context.waitForIp4Address({ timeoutMs: GUEST_MS })
  await context.agent.exec(['/bin/sh', '-c', '(sleep 0.2; killall start-agent qemu-ga) >/dev/null 2>&1 &'])
  await expect
    .poll(
      () =>
        context.agent.ping({ timeoutMs: 300 }).then(
          () => 'up',
          () => 'gone',
        ),
      { timeout: 10_000 },
    )
    .toBe('gone')
  const error = await context.ready({ agent: true, timeoutMs: 500 }).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({
    code: 'NOT_READY',
    message: expect.stringContaining('has an address but its agent does not answer'),
    diagnosis: { state: 'running', agentAnswers: false, screenText: expect.any(String) },
  })
})
