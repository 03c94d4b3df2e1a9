import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Environment, type LxcResources, lxcFactory, type SeeContext } from '@see/core'
import { afterAll, beforeAll, expect, type TestContext, test, vi } from 'vitest'
import { withTheHostsPrograms } from './support/hosts-programs.ts'
import { Listener } from './support/listener.ts'
import { run } from './support/network-namespace.ts'
import { makeTinyContainer } from './support/tiny-container.ts'

// Two guests of one network, of which one tries to reach the other, and to pass for it. The host reaches both, which
// proves that they hear.

const PORT = 8096
const tiny = makeTinyContainer()
let host: Listener
beforeAll(async () => void (host = await Listener.start('the host', [PORT])))
afterAll(async () => {
  await host[Symbol.asyncDispose]()
  tiny[Symbol.dispose]()
})

const SEND = `use IO::Socket::IP; my ($text, %of) = @ARGV;
  my $s = IO::Socket::IP->new(Proto => "udp", PeerPort => ${PORT}, %of) or die "$@";
  $s->send($text); select(undef, undef, undef, 0.1); $s->send($text)`
const HEAR = `use IO::Socket::IP; $| = 1;
  my $s = IO::Socket::IP->new(Proto => "udp", LocalPort => ${PORT}, V6Only => 0) or die "$@";
  while (defined $s->recv(my $m, 99)) { print "$m\\n" }`

let count = 0

interface Hearer {
  hasHeard(message: string): boolean
}

interface Guest extends Hearer {
  readonly context: SeeContext<LxcResources>
  readonly address: string
}

async function start(mode: string, onTestFinished: TestContext['onTestFinished']): Promise<Guest> {
  const dynamic_address = { ipv4: '10.219.0.0', prefix: 16, subnet_prefix: 24 }
  const network = { mode, sharing: 'shared', dynamic_address }
  const factory = lxcFactory(tiny.resources({ network }, withTheHostsPrograms(tiny)))
  const environment = await Environment.allocate(factory)
  onTestFinished(() => environment.deallocate())
  const { context, identifier } = environment
  await context.poweron()
  const address = await context.waitForIp4Address({ timeoutMs: 10_000 })
  await vi.waitFor(
    async () => expect(await sh(context, 'ip address show eth0')).toContain(`${address}/`),
    5000,
  )
  await sh(context, `ip route replace default via ${address.replace(/\d+$/, '1')}`)
  const heard = join(tiny.folder, identifier)
  await sh(context, `perl -e '${HEAR}' >${heard} 2>&1 &`)
  const hasHeard = (message: string) => existsSync(heard) && readFileSync(heard, 'utf8').includes(message)
  const guest = { context, address, hasHeard }
  await vi.waitFor(async () => expect(await arrives(guest, sendFromHost(guest))).toBe(true), 10_000)
  return guest
}

async function sh({ agent }: SeeContext, script: string): Promise<string> {
  const { stdout, stderr, exitCode } = await agent.exec(['/bin/sh', '-c', script])
  expect(exitCode, stderr.toString()).toBe(0)
  return stdout.toString()
}

async function send({ context }: Guest, to: string, ...argv: string[]): Promise<string> {
  const message = `message ${++count}.`
  await context.agent.exec(['perl', '-e', SEND, '--', message, 'PeerAddr', to, ...argv])
  return message
}

function sendFromHost({ address }: Guest): string {
  const message = `message ${++count}.`
  run('perl', '-e', SEND, '--', message, 'PeerAddr', address)
  return message
}

async function arrives(at: Hearer, message: string): Promise<boolean> {
  for (let tries = 0; tries < 10 && !at.hasHeard(message); tries++) await sleep(50)
  return at.hasHeard(message)
}

test.concurrent.for(['nat-no-lan', 'nat', 'routed', 'isolated'])(
  'a guest of a shared network of mode %s reaches no other guest of it, nor passes for one',
  { timeout: 120_000 },
  async (mode, { onTestFinished }) => {
    const [guest, other] = await Promise.all([start(mode, onTestFinished), start(mode, onTestFinished)])
    expect(guest.context.network?.uuid).toBe(other.context.network?.uuid)
    const gateway = guest.address.replace(/\d+$/, '1')
    const reachesHost = async (...argv: string[]) => arrives(host, await send(guest, gateway, ...argv))
    const reachesOther = async (to: string) => arrives(other, await send(guest, to))
    expect(await reachesHost()).toBe(mode !== 'nat-no-lan')

    const otherMac = other.context.macAddress() ?? ''
    expect(await reachesOther(other.address)).toBe(false)
    await sh(guest.context, `ip neigh replace ${other.address} lladdr ${otherMac} nud permanent dev eth0`)
    expect(await reachesOther(other.address)).toBe(false)
    // By way of the host, which forwards.
    const bridge = (await guest.context.network?.getBridgeName()) ?? ''
    const hostMac = readFileSync(`/sys/class/net/${bridge}/address`, 'utf8').trim()
    await sh(guest.context, `ip neigh replace ${other.address} lladdr ${hostMac} nud permanent dev eth0`)
    expect(await reachesOther(other.address)).toBe(false)
    for (const one of [guest, other])
      await sh(one.context, 'ip address add fd00::'.concat(one === guest ? 'a' : 'b', '/64 dev eth0 nodad'))
    expect(await reachesOther('fd00::b')).toBe(false)

    await sh(guest.context, `ip address add ${other.address}/32 dev eth0`)
    expect(await reachesHost('LocalAddr', other.address)).toBe(false)
    await sh(guest.context, `ip address del ${other.address}/32 dev eth0`)
    await sh(guest.context, `ip link set eth0 address ${otherMac}`)
    expect(await reachesHost()).toBe(false)
    // As the other in every respect, on another port.
    await sh(guest.context, `ip address add ${other.address}/32 dev eth0`)
    await sh(guest.context, `ip neigh replace ${gateway} lladdr ${hostMac} nud permanent dev eth0`)
    expect(await reachesHost('LocalAddr', other.address)).toBe(false)
    run('ip', 'neigh', 'flush', 'dev', bridge)
    expect(await arrives(other, sendFromHost(other))).toBe(true)
  },
)
