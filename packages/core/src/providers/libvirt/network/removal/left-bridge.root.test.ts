import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { Hypervisor } from '@see/libvirt'
import { expect, onTestFinished, test } from 'vitest'
import { rangeOf } from '../../../../common/subnet.ts'
import { Daemons } from '../../daemon/daemons.ts'
import { bridgeNameOf } from '../../xml/interface-names.ts'
import { removeLeftBridge } from './left-bridge.ts'
import { networkKind } from './network-kind.ts'
import { NetworkXml } from '../definition/network-xml.ts'

const uri = 'qemu:///system'
const SUBNET = '198.18.77.0/24'
const { signal } = new AbortController()

function run(...argv: readonly [string, ...string[]]): string {
  const [program, ...rest] = argv
  return execFileSync(program, rest, { encoding: 'utf8' })
}

/** What a host has of a bridge or a subnet. */
function traces(bridge: string): string[] {
  const all = [...run('ip', '-o', 'link').split('\n'), ...run('iptables-save').split('\n')]
  return all.filter((line) => line.includes(bridge) || line.includes(SUBNET))
}

test('without the bridge, its files go', async () => {
  const identifier = randomUUID()
  const path = `/var/lib/libvirt/dnsmasq/${bridgeNameOf(identifier)}.status`
  writeFileSync(path, '')
  onTestFinished(() => rmSync(path, { force: true }))
  await using daemons = new Daemons()
  await networkKind.undo({ identifier, payload: { uri }, daemons, signal })
  expect(existsSync(path)).toBe(false)
})

test('a bridge that libvirt does not know goes with its rules', { timeout: 60_000 }, async () => {
  const identifier = randomUUID()
  const bridge = bridgeNameOf(identifier)
  // libvirt makes its chains with its first network.
  await using hypervisor = await Hypervisor.open(uri)
  const first = randomUUID()
  const network = await hypervisor.networkCreateXML(
    NetworkXml.of('nat').for(first, ['52:54:00:00:00:01'], rangeOf('198.18.78.0', 24)),
  )
  onTestFinished(async () => {
    await using daemons = new Daemons()
    await networkKind.undo({ identifier: first, payload: { uri }, daemons, signal })
  })
  run('ip', 'link', 'add', bridge, 'type', 'bridge')
  run('iptables', '-w', '-A', 'LIBVIRT_INP', '-i', bridge, '-p', 'udp', '--dport', '53', '-j', 'ACCEPT')
  run('iptables', '-w', '-A', 'LIBVIRT_FWO', '-s', SUBNET, '-i', bridge, '-j', 'ACCEPT')
  run('iptables', '-w', '-t', 'nat', '-A', 'LIBVIRT_PRT', '-s', SUBNET, '-d', '224.0.0.0/24', '-j', 'RETURN')
  expect(traces(bridge)).toHaveLength(4)

  await using daemons = new Daemons()
  await networkKind.undo({ identifier, payload: { uri }, daemons, signal })
  expect(traces(bridge)).toEqual([])

  const own = await network.getBridgeName()
  const before = traces(own)
  await removeLeftBridge(hypervisor, { bridge: own, network: first })
  expect(before.length).toBeGreaterThan(4)
  expect(traces(own)).toEqual(before)
  await expect(removeLeftBridge(hypervisor, { bridge: 'docker0', network: first })).rejects.toThrow(/docker0/)
})
