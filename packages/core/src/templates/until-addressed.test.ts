import { afterEach, expect, test, vi } from 'vitest'
import type { InterfaceAddresses } from '../contract/resources.ts'
import { untilAddressed } from './until-addressed.ts'

const { signal } = new AbortController()
const withoutAddress = async () => [withAddress('127.0.0.1')]

function withAddress(addr: string): InterfaceAddresses {
  return { name: 'eth0', hwaddr: undefined, addrs: [{ type: 'ipv4', addr, prefix: 24 }] }
}

afterEach(() => void vi.useRealTimers())

test('a slow guest has as long as the caller says', async () => {
  vi.useFakeTimers()
  const began = Date.now()
  const interfaceAddresses = async () => [
    withAddress(Date.now() - began < 90_000 ? '127.0.0.1' : '10.128.0.15'),
  ]
  const found = untilAddressed({ interfaceAddresses }, { timeoutMs: 600_000, signal })
  const checked = expect(found).resolves.toBeUndefined()
  await vi.advanceTimersByTimeAsync(100_000)
  await checked
})

test('one without an address is waited for no longer than that', async () => {
  const domain = { interfaceAddresses: withoutAddress }
  await expect(untilAddressed(domain, { timeoutMs: 1000, signal })).rejects.toMatchObject({
    code: 'ADDRESS_TIMEOUT',
    message: expect.stringContaining('within 1 s'),
  })
})
