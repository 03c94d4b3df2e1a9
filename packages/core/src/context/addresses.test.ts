import { expect, test } from 'vitest'
import { addressOf } from './addresses.ts'

const MAC = '52:54:00:00:00:01'

function interfaceWith(type: 'ipv4' | 'ipv6', addrs: readonly string[], hwaddr: string | undefined = MAC) {
  return { name: 'eth0', hwaddr, addrs: addrs.map((addr) => ({ type, addr, prefix: 24 })) }
}

test.each([
  '',
  'garbage',
  '10.0.0',
  '10.0.0.256',
  '010.0.0.2',
  '10.0.0.2; reboot',
  '2001:db8::1',
  '0.0.0.0',
  '127.0.0.1',
  '127.1.2.3',
  '169.254.7.7',
  '224.0.0.1',
  '255.255.255.255',
])('"%s" is no IPv4 address of a guest', (bad) => {
  expect(addressOf([interfaceWith('ipv4', [bad])], MAC, 'ipv4')).toBeUndefined()
  expect(addressOf([interfaceWith('ipv4', [bad, '10.0.0.2'])], MAC, 'ipv4')).toBe('10.0.0.2')
})

test.each([
  'garbage',
  '10.0.0.2',
  '::',
  '::1',
  '0:0:0:0:0:0:0:1',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  'fe80::1',
  'FE80::1',
  'febf::1',
  'fe80::1%eth0',
  '2001:db8::1%eth0',
  'ff02::1',
])('"%s" is no IPv6 address of a guest', (bad) => {
  expect(addressOf([interfaceWith('ipv6', [bad])], MAC, 'ipv6')).toBeUndefined()
  expect(addressOf([interfaceWith('ipv6', [bad, 'fd00::2'])], MAC, 'ipv6')).toBe('fd00::2')
})

test('only the interface with the MAC address counts, however that is written', () => {
  const others = [
    interfaceWith('ipv4', ['10.0.0.9'], '52:54:00:00:00:99'),
    { ...interfaceWith('ipv4', ['10.0.0.8']), hwaddr: undefined },
  ]
  expect(addressOf(others, MAC, 'ipv4')).toBeUndefined()
  const mine = interfaceWith('ipv4', ['10.0.0.2'], '52:54:00:00:00:01'.toUpperCase())
  expect(addressOf([...others, mine], MAC, 'ipv4')).toBe('10.0.0.2')
  expect(addressOf(others, undefined, 'ipv4')).toBe('10.0.0.9')
})

test('the families are kept apart', () => {
  const both = {
    name: 'eth0',
    hwaddr: MAC,
    addrs: [...interfaceWith('ipv6', ['fd00::2']).addrs, ...interfaceWith('ipv4', ['10.0.0.2']).addrs],
  }
  expect(addressOf([both], MAC, 'ipv4')).toBe('10.0.0.2')
  expect(addressOf([both], MAC, 'ipv6')).toBe('fd00::2')
})
