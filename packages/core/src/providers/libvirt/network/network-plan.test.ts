import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { isMade, planNetwork } from './network-plan.ts'
import { networkSchema } from './network-schema.ts'

const folder = mkdtempSync(join(tmpdir(), 'see-plan-'))
afterAll(() => rmSync(folder, { recursive: true }))

const IP = '<ip address="10.0.0.1" prefix="24"/>'
const files: Record<string, string> = {
  'plain.xml': '<network/>',
  'addresses.xml': `<network>${IP}</network>`,
  'dhcp.xml': '<network><ip address="10.0.0.1" prefix="24"><dhcp/></ip></network>',
  'foreign.xml': '<network xmlns:x="urn:x"><x:ip/></network>',
  'a network, "mine".xml': '<network/>',
  'domain.xml': '<domain/>',
  'broken.xml': '<network>\n<ip></network>',
}
for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)

const plan = (given: object) => planNetwork(networkSchema.parse(given), { folder, uri: 'qemu:///system' })
const dynamic = { ipv4: '10.9.0.0', prefix: 24, subnet_prefix: 28 }

test('nothing is planned where nothing is said', async () => {
  expect(await planNetwork(undefined, { folder, uri: 'a' })).toBeUndefined()
  expect(isMade(undefined)).toBe(false)
})

test.each(['none', 'sinkhole'] as const)(
  'in the mode %s no network is made, and none can be described',
  async (mode) => {
    expect(await plan({ mode })).toBe(mode)
    expect(isMade(mode)).toBe(false)
    await expect(plan({ mode, dynamic_address: dynamic })).rejects.toMatchObject({
      code: 'NETWORK_INVALID',
      message: `network has a dynamic_address and the mode "${mode}": remove one of the two`,
    })
    for (const sharing of ['own', 'shared']) {
      await expect(plan({ mode, sharing })).rejects.toThrow(`a "sharing" and the mode "${mode}"`)
    }
  },
)

test.each([
  ['nat', 'nat'],
  ['routed', 'route'],
  ['isolated', undefined],
])('in the mode %s a network is made that forwards so: %s', async (mode, forward) => {
  const made = await plan({ mode, sharing: 'own' })
  if (!isMade(made)) throw new Error('none is made')
  const xml = made.xml.for('a', [], undefined)
  expect(/<forward mode="([^"]*)"/.exec(xml)?.[1]).toBe(forward)
  expect(made).toMatchObject({
    hasDhcp: true,
    noLan: undefined,
    dynamicAddress: { ipv4: '10.200.0.0', prefix: 16, subnet_prefix: 24 },
    sharing: { shared: undefined, reason: '"sharing" says so' },
  })
})

test('the subnet that is given takes the place of the usual one', async () => {
  expect(await plan({ mode: 'nat', dynamic_address: dynamic, sharing: 'own' })).toMatchObject({
    dynamicAddress: dynamic,
  })
})

describe('a network of the user’s XML', () => {
  test.each([
    ['plain.xml', {}, false],
    ['addresses.xml', {}, false],
    ['dhcp.xml', {}, true],
    ['plain.xml', { dynamic_address: dynamic }, true],
    ['foreign.xml', { dynamic_address: dynamic }, true],
    ['a network, "mine".xml', { sharing: 'own' }, false],
  ])('%s with %j: DHCP is %s', async (configuration, more, hasDhcp) => {
    expect(await plan({ configuration, ...more })).toMatchObject({
      hasDhcp,
      noLan: undefined,
      sharing: { shared: undefined, reason: 'its XML is given' },
    })
  })

  test('is found from the folder of the resources file, or by its whole path', async () => {
    const path = join(folder, 'plain.xml')
    expect(
      isMade(
        await planNetwork(networkSchema.parse({ configuration: path }), { folder: '/nowhere', uri: 'a' }),
      ),
    ).toBe(true)
    await expect(plan({ configuration: 'missing.xml' })).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
  })

  test.each([
    [{ configuration: 'plain.xml', mode: 'nat' }, 'a mode and an XML file'],
    [{ configuration: 'plain.xml', mode: 'none' }, 'a mode and an XML file'],
    [{ configuration: 'plain.xml', sharing: 'shared' }, 'the sharing "shared" and an XML file'],
    [
      { configuration: 'addresses.xml', dynamic_address: dynamic },
      'addresses.xml, which has an <ip> element',
    ],
    [{ configuration: 'domain.xml' }, 'domain.xml: its root element is not <network>'],
    [{ configuration: 'broken.xml' }, 'broken.xml: malformed XML: line 2'],
  ])('%j is refused', async (given, problem) => {
    await expect(plan(given)).rejects.toMatchObject({
      code: 'NETWORK_INVALID',
      message: expect.stringContaining(problem),
    })
  })
})

test.each([
  { ipv4: '10.0.0', prefix: 16, subnet_prefix: 24 },
  { ipv4: '10.0.0.256', prefix: 16, subnet_prefix: 24 },
  { ipv4: '::1', prefix: 16, subnet_prefix: 24 },
  { ipv4: '10.0.0.0', prefix: -1, subnet_prefix: 24 },
  { ipv4: '10.0.0.0', prefix: 24, subnet_prefix: 23 },
  { ipv4: '10.0.0.0', prefix: 31, subnet_prefix: 31 },
  { ipv4: '10.0.0.0', prefix: 24, subnet_prefix: 31 },
  { ipv4: '10.0.0.0', prefix: 24.5, subnet_prefix: 25 },
])('%j is no range of subnets', (range) => {
  expect(networkSchema.safeParse({ dynamic_address: range }).success).toBe(false)
})

test.each([
  { ipv4: '0.0.0.0', prefix: 0, subnet_prefix: 0 },
  { ipv4: '255.255.255.255', prefix: 30, subnet_prefix: 30 },
  { ipv4: '10.0.0.77', prefix: 24, subnet_prefix: 24 },
])('%j is one', (range) => {
  expect(networkSchema.safeParse({ dynamic_address: range }).success).toBe(true)
})
