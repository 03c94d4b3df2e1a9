import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assertConsistent, networkSchema, placesOf } from './network.ts'

const networkOf = (given: object) => networkSchema.parse(given)
const targetOf = (to: string) => placesOf(networkOf({ allow: [{ port: 1, to }] }).allow)[0]?.target

describe('where an allowance leads', () => {
  test.each([
    ['example.test:80', 'example.test', 80],
    ['203.0.113.1:65535', '203.0.113.1', 65_535],
    ['a:1', 'a', 1],
    ['a:00080', 'a', 80],
    ['[::1]:443', '::1', 443],
    ['[fe80::1%eth0]:22', 'fe80::1%eth0', 22],
    ['[::ffff:203.0.113.1]:80', '::ffff:203.0.113.1', 80],
    ['xn--mller-kva.test:80', 'xn--mller-kva.test', 80],
  ])('%s', (to, host, port) => {
    expect(targetOf(to)).toEqual({ host, port })
  })

  test.each([
    ['nothing', ''],
    ['no port', 'example.test'],
    ['an empty port', 'example.test:'],
    ['no host', ':80'],
    ['empty brackets', '[]:80'],
    ['a bracket that is not closed', '[a:80'],
    ['a bracket that is not opened', 'a]:80'],
    ['the port 0', 'a:0'],
    ['a port beyond the last', 'a:65536'],
    ['a port beyond all numbers', `a:${'9'.repeat(400)}`],
    ['a negative port', 'a:-1'],
    ['a port with a sign', 'a:+80'],
    ['a hexadecimal port', 'a:0x50'],
    ['a fraction', 'a:80.5'],
    ['digits of another script', 'a:٨٠'],
    ['an IPv6 address without brackets', '::1:80'],
    ['an IPv4 address in brackets', '[203.0.113.1]:80'],
    ['a name in brackets', '[example.test]:80'],
    ['a port in the brackets', '[::1:80]'],
    ['a URL', 'http://example.test:80'],
    ['a space before the port', 'a :80'],
    ['a space behind it', 'a:80 '],
    ['a line break behind it', 'a:80\n'],
    ['a second line', 'a:80\nb:80'],
    ['two ports', 'a:80:81'],
  ])('%s is refused', (_what, to) => {
    expect(networkSchema.safeParse({ allow: [{ port: 1, to }] }).error?.issues[0]?.message).toBe(
      'must be "host:port"',
    )
  })

  test('any host and port is read as it is written', () => {
    const ports = fc.integer({ min: 1, max: 65_535 })
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.domain()), fc.ipV6(), ports, (host, six, port) => {
        expect(targetOf(`${host}:${port}`)).toEqual({ host, port })
        expect(targetOf(`[${six}]:${port}`)).toEqual({ host: six, port })
      }),
    )
  })
})

const placesIn = (allow: readonly object[]) =>
  placesOf(networkOf({ allow }).allow).map(({ last, port, name }) => [last, port, name])

describe('where a guest finds it', () => {
  test('at its own address, or at a common one', () => {
    expect(
      placesIn([
        { to: 'a:1', port: 1 },
        { to: 'b:1', port: 2 },
        { to: 'c:1', port: 3, address: 16 },
        { to: 'd:1', port: 4, address: 254 },
      ]),
    ).toEqual([
      [100, 1, undefined],
      [100, 2, undefined],
      [16, 3, undefined],
      [254, 4, undefined],
    ])
  })

  test('by its name, whatever its case, at one address, which nothing else has', () => {
    expect(
      placesIn([
        { name: 'B.test', port: 1 },
        { to: 'a:1', port: 1, address: 101 },
        { name: 'b.TEST', port: 2 },
        { to: 'a:2', port: 1, address: 103 },
        { name: 'c.test', port: 1 },
        { name: 'D.test', port: 1, address: 20 },
        { name: 'd.test', port: 2 },
      ]),
    ).toEqual([
      [102, 1, 'b.test'],
      [101, 1, undefined],
      [102, 2, 'b.test'],
      [103, 1, undefined],
      [104, 1, 'c.test'],
      [20, 1, 'd.test'],
      [20, 2, 'd.test'],
    ])
  })

  test('leads to the name and port itself when nothing else is said', () => {
    const [place] = placesOf(networkOf({ allow: [{ name: 'A.test', port: 443 }] }).allow)
    expect(place).toEqual({ last: 100 + 1, port: 443, name: 'a.test', target: { host: 'A.test', port: 443 } })
  })

  test('as many names as there may be have an address each, of the guest’s own subnet', () => {
    const taken = { minLength: 16, maxLength: 16 }
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.integer({ min: 16, max: 254 }), { nil: undefined }), taken),
        (given) => {
          const allow = given.map((address, index) => ({
            name: `n${index}`,
            port: 1,
            ...(address === undefined ? {} : { address }),
          }))
          const places = placesIn(allow).map(([last]) => Number(last))
          for (const [index, last] of places.entries()) {
            expect(last).toBe(given[index] ?? last)
            expect(last >= 16 && last <= 254).toBe(true)
            // Only those that said so may be at the same address.
            if (given[index] === undefined) expect(places.filter((other) => other === last)).toHaveLength(1)
          }
        },
      ),
    )
  })
})

test.each([
  'a'.repeat(64),
  `${'a'.repeat(63)}.`.repeat(4),
  '-a.test',
  'a-.test',
  'a..test',
  '.a',
  'a.',
  '',
  'a\n',
  'a:80',
  'ä.test',
  '*.test',
])('%j is no domain name', (name) => {
  expect(networkSchema.safeParse({ allow: [{ name, port: 80 }] }).success).toBe(false)
})

test.each(['a', '_dmarc.a-b.test', 'a'.repeat(63), '203.0.113.1'])('%j is a domain name', (name) => {
  expect(networkSchema.safeParse({ allow: [{ name, port: 80 }] }).success).toBe(true)
})

test.each([
  [{ allow: [{ to: 'a:1', port: 0 }] }],
  [{ allow: [{ to: 'a:1', port: 65_536 }] }],
  [{ allow: [{ to: 'a:1', port: 1.5 }] }],
  [{ allow: [{ to: 'a:1', port: 1, address: 15 }] }],
  [{ allow: [{ to: 'a:1', port: 1, address: 255 }] }],
  [{ allow: Array.from({ length: 17 }, () => ({ to: 'a:1', port: 1 })) }],
  [{ forward: [{ host_port: 0, guest_port: 1 }] }],
  [{ forward: [{ host_port: 1, guest_port: 65_536 }] }],
  [{ mode: 'all' }],
])('out of bounds: %j', (given) => {
  expect(networkSchema.safeParse(given).success).toBe(false)
})

describe('a network that contradicts itself', () => {
  const forward = [{ host_port: 1, guest_port: 1 }]
  const allow = [{ to: 'a:1', port: 1 }]

  test.each([
    { mode: 'none', allow },
    { mode: 'none', forward },
    { mode: 'sinkhole', allow },
    { mode: 'sinkhole', forward },
  ])('%j leads nowhere', (given) => {
    expect(() => assertConsistent(networkOf(given))).toThrow(
      expect.objectContaining({ code: 'NETWORK_INVALID', message: expect.stringContaining(given.mode) }),
    )
  })

  test.each([
    { mode: 'none' },
    { mode: 'sinkhole' },
    { mode: 'user', allow, forward },
    { allow: [...allow, { to: 'a:1', port: 1, address: 101 }, { to: 'a:1', port: 2 }] },
    {
      allow: [
        { name: 'a', port: 1, address: 20 },
        { name: 'A', port: 2, address: 20 },
      ],
    },
    {
      allow: [
        { name: 'a', port: 1, address: 20 },
        { name: 'b', port: 2, address: 20 },
      ],
    },
  ])('%j does not', (given) => {
    expect(() => assertConsistent(networkOf(given))).not.toThrow()
  })

  test('two names at one address and port are one place', () => {
    const both = [
      { name: 'a', port: 1, address: 20 },
      { name: 'b', port: 1, address: 20 },
    ]
    expect(() => assertConsistent(networkOf({ allow: both }))).toThrow('20:1 twice')
  })

  test("a port of the host leads to one of the guest's, which may have several", () => {
    const [one, other] = [
      { host_port: 8080, guest_port: 80 },
      { host_port: 8081, guest_port: 80 },
    ]
    const same = { host_port: 8080, guest_port: 443 }
    expect(() => assertConsistent(networkOf({ forward: [one, other] }))).not.toThrow()
    expect(() => assertConsistent(networkOf({ forward: [one, other, same] }))).toThrow('port 8080 twice')
  })

  test('a name has one address, in whichever case it is written', () => {
    const both = [
      { name: 'a.test', port: 1, address: 20 },
      { name: 'A.TEST', port: 2, address: 21 },
    ]
    expect(() => assertConsistent(networkOf({ allow: both }))).toThrow('name A.TEST at two addresses')
  })
})
