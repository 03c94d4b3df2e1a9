import { readdirSync, readlinkSync } from 'node:fs'
import { Environment, type QemuResources, qemuFactory } from '@see/core'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { leftOf } from './support/leftovers.ts'
import { sharedTemplate } from './support/shared-template.ts'

// What environments do to one another, all of which call libvirt through one connection.

const GUEST_MS = 90_000

let resources: string
beforeAll(async () => {
  resources = await sharedTemplate('libvirt')
}, GUEST_MS)

/** Deallocated when the test ends. */
async function environment(): Promise<Environment<QemuResources>> {
  const allocated = await Environment.allocate(qemuFactory(resources))
  onTestFinished(() => allocated.deallocate())
  return allocated
}

const sockets = (): number =>
  readdirSync('/proc/self/fd').filter((fd) => targetOf(fd).startsWith('socket:')).length

function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ''
  }
}

/** By libvirt, of which one that is held up hears every five seconds. */
const isGivenUp = ({ code }: { code: string }): boolean => code === 'VIR_ERR_AGENT_UNRESPONSIVE'

test('environments share a connection until the last one is deallocated', async () => {
  const before = sockets()
  const first = await environment()
  // A shared network has one too.
  const ofOne = sockets()
  expect(ofOne).toBeGreaterThan(before)
  const second = await environment()
  expect(sockets()).toBe(ofOne)
  await first.deallocate()
  expect(await second.context.state()).toBe('shutoff')
  await second.deallocate()
  await expect.poll(sockets).toBe(before)
})

test('a hook that closes its connection harms no other user', async () => {
  const closing = await environment()
  const { context } = await environment()
  await closing.context.hypervisor.close()
  await expect(closing.context.state()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
  // By another connection.
  await closing.deallocate()
  expect(await context.state()).toBe('shutoff')
  expect(await leftOf(closing.identifier)).toEqual([])
})

test('calls that a guest does not answer hold up no other call', { timeout: GUEST_MS }, async () => {
  const hostile = await environment()
  const { agent, domain } = hostile.context
  await hostile.context.poweron()
  await agent.waitUntilReady({ timeoutMs: GUEST_MS })
  // It may be stopped before it has answered.
  await agent
    .exec(['/bin/sh', '-c', '(sleep 1; killall -STOP qemu-ga) </dev/null >/dev/null 2>&1 &'])
    .catch(() => undefined)
  await expect
    .poll(() => agent.ping({ timeoutMs: 1000 }).catch((error: { code: string }) => error.code))
    .toBe('AGENT_UNRESPONSIVE')

  const ping = () => domain.agentCommand('{"execute":"guest-ping"}', { timeoutSeconds: 60 })
  const enough = new AbortController()
  let answered = 0
  const held = Array.from({ length: 4 }, async () => {
    while (!enough.signal.aborted && (await ping().catch(isGivenUp))) answered++
  })
  const other = await environment()
  await other.deallocate()
  // In a queue with them, each of its calls would have waited for one.
  expect(answered).toBeLessThan(4)
  enough.abort()
  await hostile.deallocate()
  await Promise.all(held)
})
