import { expect, test } from 'vitest'
import { ProbeTraffic } from './probe-traffic.ts'

const attempt = { target: 'internet', kind: 'tcp', address: '1.1.1.1', port: 53, isOurs: false } as const

function traffic(): ProbeTraffic {
  const name = 'see-isolation-c0ffee.invalid'
  return new ProbeTraffic({ token: 'c0ffee', name, ports: { tcp: 4000, udp: 4001 }, attempts: [attempt] })
}

test('requests of the probe are distinguished from those of the sample', () => {
  const probe = traffic()
  const tcp = { kind: 'tcp', address: '1.1.1.1', port: 53 } as const
  const dns = { kind: 'dns', server: '10.0.0.2', type: 1, address: null } as const
  const data = {
    kind: 'data',
    protocol: 'tcp',
    address: '10.0.0.2',
    port: 4000,
    bytes: 9,
    first_hex: '',
  } as const
  expect(probe.hasAsked(tcp)).toBe(true)
  expect(probe.hasAsked({ ...tcp, port: 443 })).toBe(false)
  expect(probe.hasAsked({ ...dns, name: 'see-isolation-c0ffee.invalid' })).toBe(true)
  expect(probe.hasAsked({ ...dns, name: 'c2.example' })).toBe(false)
  expect(probe.hasAsked({ ...data, first_text: 'c0ffee.0\n' })).toBe(true)
  expect(probe.hasAsked({ ...data, first_text: 'hello' })).toBe(false)
  probe.end()
  expect(probe.hasAsked(tcp)).toBe(false)
})

test('its time ends once', () => {
  const probe = traffic()
  probe.end()
  const { durationMs } = probe
  probe.end()
  expect(probe.durationMs).toBe(durationMs)
  expect(probe.isOver).toBe(true)
})
