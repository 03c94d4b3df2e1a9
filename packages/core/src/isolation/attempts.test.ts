import { expect, test } from 'vitest'
import { attemptsOf } from './attempts.ts'

const plan = {
  mode: 'restricted',
  expected: {
    internet: 'forbidden',
    host: 'forbidden',
    lan: 'forbidden',
    metadata: 'forbidden',
    dns: 'forbidden',
    ipv6: 'forbidden',
  },
  isLocal: () => true,
  hasInterface: true,
  hostAddresses: ['10.200.1.2'],
  allowed: [{ address: '10.200.1.100', port: 80, to: { host: '127.0.0.1', port: 8080 } }],
  neighbours: ['10.200.1.7', '10.200.1.8', '10.200.1.9', '10.200.1.10', '10.200.1.11'],
  verify: true,
} as const
const options = { ports: { tcp: 4000, udp: 4001 }, name: 'see.invalid', guestAddress: '10.200.1.15' }

test('what the configuration names is tried beside what every guest tries', async () => {
  const attempts = await attemptsOf(plan, options)
  const of = (target: string) => attempts.filter((each) => each.target === target)
  expect(of('host')).toContainEqual({
    target: 'host',
    kind: 'tcp',
    address: '10.200.1.2',
    port: 4000,
    isOurs: true,
  })
  expect(of('raw')).toMatchObject([{ kind: 'frame', address: '10.200.1.2', port: 4001, isOurs: true }])
  expect(of('allowed')).toMatchObject([{ address: '10.200.1.100', port: 80, isOurs: false }])
  expect(of('neighbours').map(({ address }) => address)).toEqual(plan.neighbours.slice(0, 4))
  expect(of('ipv6')).toContainEqual(expect.objectContaining({ address: '2606:4700:4700::1111' }))
  expect(of('dns')).toMatchObject([{ kind: 'name', address: 'see.invalid' }])
})

test('what SEE listens at comes first, so that a trace shows where the probe begins', async () => {
  const attempts = await attemptsOf(plan, options)
  expect(attempts[0]?.isOurs).toBe(true)
})
