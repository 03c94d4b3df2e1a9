import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { GuestAgent } from '../guest-agent/guest-agent.ts'
import { Commands } from '../guest-agent/channel.ts'
import type { AgentChannel } from '../resources.ts'
import { until } from '../until.ts'
import { freeze } from './freeze.ts'
import { assertTakesIdentity, giveIdentity, type Identity } from './identity.ts'
import { type DirectGuest, startGuest, tinyGuest } from './testing/direct-guest.ts'
import { thaw } from './thaw.ts'

const { signal } = new AbortController()
let folder = ''
let template = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'see-clone-'))
  template = join(folder, 'template')
  await mkdir(template)
  overlay(join(tinyGuest(), 'disk.qcow2'), template)
  await using guest = await startGuest(template, { memory: join(template, 'memory'), clone: false })
  await guest.qemu.qmp.execute('cont')
  await new GuestAgent(guest.channel).waitUntilReady({ timeoutMs: 60_000 })
  await until(
    async () => (await addressOf(guest)) ?? undefined,
    () => new Error('no address'),
    { timeoutMs: 30_000 },
  )
  await assertTakesIdentity(guest.channel, signal)
  const socketPath = join(template, 'socket')
  await freeze(guest.qemu.qmp, { socketPath, statePath: join(template, 'state'), signal })
}, 120_000)
afterAll(async () => await rm(folder, { recursive: true }))

function overlay(base: string, of: string): void {
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', join(of, 'disk.qcow2')])
}

/** What tells a machine from another. */
interface Marks {
  readonly urandom: string
  readonly getrandom: string
  readonly mac: string
  readonly linkLocal: string
  readonly hostname: string
  readonly hosts: string
  readonly machineId: string
  readonly bootId: string
  readonly clockErrorMs: number
}

async function clone(name: string, identity: Identity | undefined): Promise<Marks> {
  const own = join(folder, name)
  await mkdir(own)
  overlay(join(template, 'disk.qcow2'), own)
  await using guest = await startGuest(own, { memory: join(template, 'memory'), clone: true })
  const state = await readFile(join(template, 'state'))
  await thaw(guest.qemu.qmp, { socketPath: join(own, 'socket'), state, signal })
  await guest.qemu.qmp.execute('cont')
  if (identity !== undefined) await giveIdentity(guest.channel, identity, signal)
  return await marksOf(guest)
}

async function marksOf({ channel }: DirectGuest): Promise<Marks> {
  const commands = new Commands(channel)
  const urandom = await readUrandom(channel)
  const agent = new GuestAgent(channel)
  const line = async (...argv: [string, ...string[]]) => (await agent.exec(argv)).stdout.toString().trim()
  // glibc makes the seed of each program's canary, and mktemp its name, by getrandom.
  const getrandom = await line('mktemp', '-u')
  const clock = z.int().parse(await commands.run(z.unknown(), 'guest-get-time'))
  const clockErrorMs = Math.abs(clock / 1e6 - Date.now())
  // Addresses are tentative, or late, under emulation.
  await sleep(1000)
  return {
    urandom,
    getrandom,
    clockErrorMs,
    mac: await line('cat', '/sys/class/net/eth0/address'),
    linkLocal: await line('sh', '-c', "ip -6 addr show eth0 scope link | grep -o 'fe80[^/]*'"),
    hostname: await line('hostname'),
    hosts: await line('cat', '/etc/hosts'),
    machineId: await line('cat', '/etc/machine-id'),
    bootId: await line('cat', '/proc/sys/kernel/random/boot_id'),
  }
}

async function readUrandom(channel: AgentChannel): Promise<string> {
  const commands = new Commands(channel)
  const handle = await commands.run(z.int(), 'guest-file-open', { path: '/dev/urandom', mode: 'r' })
  const read = z.object({ 'buf-b64': z.string() })
  return (await commands.run(read, 'guest-file-read', { handle, count: 32 }))['buf-b64']
}

async function addressOf({ channel }: DirectGuest): Promise<string | undefined> {
  const text = await channel.agentCommand('{"execute":"guest-network-get-interfaces"}', { timeoutSeconds: 5 })
  return /10\.0\.2\.\d+/.exec(text)?.[0]
}

test('two clones that were told who they are share nothing', { timeout: 60_000 }, async () => {
  const one = await clone('one', { hostname: 'see-one', macAddress: '52:54:00:aa:aa:01' })
  const two = await clone('two', { hostname: 'see-two', macAddress: '52:54:00:aa:aa:02' })
  for (const mark of Object.keys(one) as (keyof Marks)[])
    expect([mark, one[mark]]).not.toEqual([mark, two[mark]])
  expect(one).toMatchObject({
    hostname: 'see-one',
    hosts: '127.0.0.1 localhost see-one\n::1 localhost',
    mac: '52:54:00:aa:aa:01',
    linkLocal: 'fe80::5054:ff:feaa:aa01',
    machineId: expect.stringMatching(/^[0-9a-f]{32}$/),
    bootId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  })
  expect(one.clockErrorMs).toBeLessThan(1500)
  expect(two.clockErrorMs).toBeLessThan(1500)
})

test('without that they are one and the same, to the last random number', { timeout: 60_000 }, async () => {
  const [one, two] = [await clone('three', undefined), await clone('four', undefined)]
  expect({ ...one, clockErrorMs: 0 }).toEqual({ ...two, clockErrorMs: 0 })
  expect(one.clockErrorMs).toBeGreaterThan(1500)
})

test.each([
  ['a host name', { hostname: 'no name', macAddress: '52:54:00:aa:aa:01' }, 'hostname is not a name'],
  [
    'an address',
    { hostname: 'x', macAddress: '53:54:00:aa:aa:01' },
    'mac is not the address of one interface',
  ],
])('a guest refuses %s that makes no sense', async (_what, identity, reason) => {
  await expect(clone(identity.macAddress + identity.hostname.length, identity)).rejects.toMatchObject({
    code: 'TEMPLATE_IDENTITY',
    message: expect.stringContaining(reason),
  })
})
