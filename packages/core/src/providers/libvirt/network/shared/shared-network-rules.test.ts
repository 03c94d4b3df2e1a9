import { expect, test } from 'vitest'
import { guestsOfBridgeTable, noLanRules } from '../firewall/no-lan-rules.ts'
import { sharedNetworkRules } from './shared-network-rules.ts'

const table = {
  name: 'see-nat-1',
  bridge: 'virbr-1',
  gateway: '10.1.2.1',
  guests: [{ device: 'see-1-0', macAddress: '52:54:00:00:00:01', address: '10.1.2.2' }],
}

test('a filtered network has the table of one that is not shared', () => {
  expect(sharedNetworkRules(table, true)).toBe(noLanRules(table))
})

test('on any other, guests are kept apart, and nothing else from them', () => {
  const text = sharedNetworkRules(table, false)
  expect(text.startsWith(guestsOfBridgeTable(table))).toBe(true)
  const inet = text.slice(guestsOfBridgeTable(table).length)
  const rules = inet.split('\n').map((line) => line.trim())
  expect(rules.filter((line) => /(?:drop|accept)$/.test(line))).toEqual([
    'iifname != "virbr-1" accept',
    'meta nfproto != ipv4 drop',
    'ip saddr 0.0.0.0 udp sport 68 udp dport 67 accept',
    'ether saddr . ip saddr != @senders drop',
    'iifname "virbr-1" oifname "virbr-1" drop',
  ])
  expect(inet).toContain('elements = { 52:54:00:00:00:01 . 10.1.2.2 }')
  expect(inet).not.toContain('10.0.0.0/8')
})
