import { expect, test } from 'vitest'
import { guestSubnetAt, pickGuestSubnet } from './guest-subnet.ts'
import { parseIpv4 } from './subnet.ts'

test('the addresses of a subnet are where QEMU’s own network has them', () => {
  const { address, ...subnet } = guestSubnetAt('10.255.255.0/24')
  expect(subnet).toEqual({
    network: '10.255.255.0/24',
    host: '10.255.255.2',
    nameServer: '10.255.255.3',
    firstGuest: '10.255.255.15',
    beforeFirstGuest: '10.255.255.14',
  })
  expect([address(0), address(255)]).toEqual(['10.255.255.0', '10.255.255.255'])
})

test('one that was picked is known again by its network', () => {
  for (let count = 0; count < 200; count++) {
    const { address, ...picked } = pickGuestSubnet()
    const first = parseIpv4(address(0))
    // All of it in 10.128.0.0/9.
    expect(first % 256).toBe(0)
    expect(first >= parseIpv4('10.128.0.0') && first + 255 <= parseIpv4('10.255.255.255')).toBe(true)
    expect(guestSubnetAt(picked.network)).toMatchObject(picked)
  }
})
