import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Environment, lxcFactory } from '@see/core'
import { median } from './median.ts'

// What a container's test case takes from nothing to its address and back, against virsh doing the same by hand, in turn.

const ROUNDS = 9
const PROMISE_MS = 1000
const POLL_MS = 50
const MAC = '52:54:00:5e:e0:01'

const folder = mkdtempSync(join(tmpdir(), 'see-bench-'))
const root = join(folder, 'root')

/** A root file system of nothing but busybox, whose init asks for an address. */
function makeRoot(): void {
  chmodSync(folder, 0o755)
  for (const name of ['bin', 'sbin', 'dev', 'proc', 'sys', 'etc', 'run']) {
    mkdirSync(join(root, name), { recursive: true })
  }
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'))
  for (const applet of ['sh', 'ip', 'udhcpc', 'sleep']) symlinkSync('busybox', join(root, 'bin', applet))
  const init =
    '#!/bin/sh\nip link set lo up\nip link set eth0 up\nudhcpc -i eth0 -b -q -T 1 -t 10 -s /etc/dhcp &\nexec sleep 3600\n'
  writeFileSync(join(root, 'etc/dhcp'), '#!/bin/sh\nexit 0\n', { mode: 0o755 })
  writeFileSync(join(root, 'sbin/init'), init, { mode: 0o755 })
}

function domainXml(identifier: string, mac: string, network: string): string {
  return `<domain type="lxc"><name>${identifier}</name><uuid>${identifier}</uuid><memory unit="MiB">64</memory>
    <os><type>exe</type><init>/sbin/init</init></os>
    <devices><filesystem type="mount"><source dir="${root}"/><target dir="/"/></filesystem>
      <interface type="network"><mac address="${mac}"/><source network="${network}"/></interface><console type="pty"/></devices></domain>`
}

async function virsh(...argv: string[]): Promise<string> {
  return (await promisify(execFile)('virsh', ['--quiet', '--connect', 'lxc:///', ...argv])).stdout
}

/** What a user would type: a NAT network, which blocks nothing, and the container. */
async function byHand(): Promise<void> {
  const identifier = randomUUID()
  const [network, domain] = ['network.xml', 'domain.xml'].map((name) => join(folder, name))
  writeFileSync(
    network ?? '',
    `<network xmlns:dnsmasq="http://libvirt.org/schemas/network/dnsmasq/1.0"><name>${identifier}</name><forward mode="nat"/><bridge name="virbr-${identifier.slice(0, 8)}" stp="off" delay="0"/><ip address="10.212.0.1" prefix="24"><dhcp><range start="10.212.0.2" end="10.212.0.254"/></dhcp></ip><dnsmasq:options><dnsmasq:option value="no-ping"/></dnsmasq:options></network>`,
  )
  writeFileSync(domain ?? '', domainXml(identifier, MAC, identifier))
  await virsh('net-create', network ?? '')
  await virsh('define', domain ?? '')
  await virsh('start', identifier)
  while (!(await virsh('net-dhcp-leases', identifier, MAC)).includes('10.212.0.')) await sleep(POLL_MS)
  await virsh('destroy', identifier)
  await virsh('undefine', identifier)
  await virsh('net-destroy', identifier)
}

async function bySee(mode: 'nat' | 'nat-no-lan'): Promise<void> {
  const dynamic_address = { ipv4: '10.212.0.0', prefix: 24, subnet_prefix: 24 }
  const configuration = join(folder, 'see.xml')
  const environment = await Environment.allocate(
    lxcFactory({ domain: { configuration }, network: { mode, sharing: 'own', dynamic_address } }),
  )
  await environment.context.poweron()
  await environment.context.waitForIp4Address()
  await environment.deallocate()
}

const cases = [
  { what: 'virsh by hand, nat', work: byHand, times: new Array<number>() },
  { what: 'SEE, nat', work: () => bySee('nat'), times: new Array<number>() },
  { what: 'SEE, nat-no-lan', work: () => bySee('nat-no-lan'), times: new Array<number>() },
]

try {
  makeRoot()
  writeFileSync(join(folder, 'see.xml'), domainXml(randomUUID(), MAC, 'default'))
  for (let round = -1; round < ROUNDS; round++) {
    for (const { work, times } of cases) {
      const start = performance.now()
      await work()
      if (round >= 0) times.push(performance.now() - start)
    }
  }
  const peer = cases[0]?.times ?? []
  console.table(
    cases.map(({ what, times }) => {
      const ms = median(times)
      const ratio = median(times.map((time, index) => time / (peer[index] ?? Number.NaN)))
      const kept = what === 'SEE, nat-no-lan' ? (ms < PROMISE_MS ? 'kept' : 'BROKEN') : ''
      return { what, ms: Math.round(ms), 'of virsh': ratio.toFixed(2), [`< ${PROMISE_MS} ms`]: kept }
    }),
  )
} finally {
  rmSync(folder, { recursive: true })
}
