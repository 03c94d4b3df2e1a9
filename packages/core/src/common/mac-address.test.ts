import { expect, test } from 'vitest'
import { freshMacAddress } from './mac-address.ts'

test("addresses differ and are in QEMU's range, in lower case with two digits a byte", () => {
  const addresses = Array.from({ length: 100 }, () => freshMacAddress())
  expect(addresses.filter((address) => !/^52:54:00(:[0-9a-f]{2}){3}$/.test(address))).toEqual([])
  expect(new Set(addresses).size).toBeGreaterThan(90)
})
