import { expect, test } from 'vitest'
import { rangeOf } from '../../../../common/subnet.ts'
import { slotsOf } from '../address/network-slot.ts'
import { noLanRules, withoutNoLanTable } from './no-lan-rules.ts'

const table = {
  name: 'see-1',
  bridge: 'virbr-1',
  gateway: '10.1.2.1',
  guests: [
    { device: 'see-1', macAddress: '52:54:00:00:00:01', address: '10.1.2.2' },
    { device: 'see-1-2', macAddress: '52:54:00:00:00:02', address: '10.1.2.3' },
  ],
}

/** The rules of a chain, in their order, without what only declares it. */
function rulesOf(text: string, family: string, chain: string): string[] {
  const own = text.slice(text.indexOf(`table ${family} `)).split('\n}')[0] ?? ''
  const body = own.split(`chain ${chain} {`)[1]?.split('\n  }')[0] ?? ''
  const lines = body.split('\n').map((line) => line.trim())
  return lines.filter((line) => line !== '' && !/^(?:#|type )/.test(line))
}

/** The elements of a set. */
const elementsOf = (text: string, family: string, set: string) =>
  new RegExp(`table ${family} [^]*?set ${set} \\{[^}]*?elements = \\{ ([^}]*) \\}`)
    .exec(text)?.[1]
    ?.split(', ')

test('a guest sends frames from its own device, card and address alone, and to no other guest', () => {
  const text = noLanRules(table)
  expect(elementsOf(text, 'bridge', 'guest_devices')).toEqual(['"see-1"', '"see-1-2"'])
  expect(elementsOf(text, 'bridge', 'stations')).toEqual([
    '"see-1" . 52:54:00:00:00:01',
    '"see-1-2" . 52:54:00:00:00:02',
  ])
  expect(elementsOf(text, 'bridge', 'senders')).toEqual([
    '52:54:00:00:00:01 . 10.1.2.2',
    '52:54:00:00:00:02 . 10.1.2.3',
    '52:54:00:00:00:01 . 0.0.0.0',
    '52:54:00:00:00:02 . 0.0.0.0',
  ])
  expect(rulesOf(text, 'bridge', 'prerouting')).toEqual([
    'iifname != @guest_devices accept',
    'ether type != { arp, ip, ip6 } drop',
    'iifname . ether saddr != @stations drop',
    'ether type arp arp saddr ether . arp saddr ip != @senders drop',
  ])
  expect(rulesOf(text, 'bridge', 'forward')).toEqual(['iifname @guest_devices drop'])
})

test('what it may reach is decided in this order', () => {
  const text = noLanRules(table)
  // Without the address that asks whether another is free: no packet comes from there.
  expect(elementsOf(text, 'inet', 'senders')).toEqual([
    '52:54:00:00:00:01 . 10.1.2.2',
    '52:54:00:00:00:02 . 10.1.2.3',
  ])
  expect(rulesOf(text, 'inet', 'prerouting')).toEqual([
    'iifname @guest_devices drop',
    'iifname != "virbr-1" accept',
    'meta nfproto != ipv4 drop',
    'ip daddr 255.255.255.255 udp sport 68 udp dport 67 accept',
    'ether saddr . ip saddr != @senders drop',
    'ct state established ct direction reply accept',
    'ip daddr 10.1.2.1 udp sport 68 udp dport 67 accept',
    'ip daddr 10.1.2.1 meta l4proto { tcp, udp } th dport 53 accept',
    'fib daddr type != unicast drop',
    expect.stringMatching(/^ip daddr \{ 0\.0\.0\.0\/8, .*169\.254\.0\.0\/16, .*224\.0\.0\.0\/3 \} drop$/),
  ])
  expect(rulesOf(text, 'inet', 'forward')).toEqual(['iifname "virbr-1" oifname "virbr*" drop'])
})

test('every place of a full network is in every set', () => {
  const places = slotsOf('1a2b3c4d-2222-4333-8444-555555555555', rangeOf('10.1.0.0', 16))
  const text = noLanRules({ ...table, guests: places })
  expect(elementsOf(text, 'bridge', 'guest_devices')).toHaveLength(253)
  expect(elementsOf(text, 'inet', 'guest_devices')).toHaveLength(253)
  expect(new Set(elementsOf(text, 'bridge', 'stations')).size).toBe(253)
  expect(new Set(elementsOf(text, 'bridge', 'senders')).size).toBe(506)
  expect(new Set(elementsOf(text, 'inet', 'senders')).size).toBe(253)
})

test('a table is declared before it is deleted, since there may be none', () => {
  expect(withoutNoLanTable('see-1')).toBe(
    'table bridge see-1\ndelete table bridge see-1\ntable inet see-1\ndelete table inet see-1\n',
  )
})
