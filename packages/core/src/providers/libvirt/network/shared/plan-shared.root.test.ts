import { expect, test } from 'vitest'
import { planShared } from './plan-shared.ts'

const SUBNETS = { ipv4: '10.200.0.0', prefix: 16, subnet_prefix: 24 }
const where = { uri: 'qemu:///system', dynamicAddress: SUBNETS }

const nameOf = async (
  mode: 'nat' | 'nat-no-lan' | 'routed' = 'nat',
  { uri = where.uri, ...dynamic }: Partial<typeof SUBNETS> & { readonly uri?: string } = {},
) => {
  const plan = await planShared({ mode }, { uri, dynamicAddress: { ...SUBNETS, ...dynamic } })
  return plan.shared?.name
}

test('root shares a network, demanded or not, with all that describe the same', async () => {
  const plan = await planShared({ mode: 'nat' }, where)
  expect(plan).toMatchObject({
    isDemanded: false,
    shared: { mode: 'nat', dynamicAddress: SUBNETS, nft: expect.stringMatching(/\/nft$/) },
  })
  expect(await planShared({ mode: 'nat', sharing: 'shared' }, where)).toMatchObject({
    isDemanded: true,
    shared: { name: plan.shared?.name },
  })
})

test('a single subnet is shared when that is demanded', async () => {
  const single = { ...SUBNETS, subnet_prefix: 16 }
  const plan = await planShared(
    { mode: 'nat', sharing: 'shared', dynamic_address: single },
    { ...where, dynamicAddress: single },
  )
  expect(plan.shared).toBeDefined()
})

test('another mode, daemon or range is another network', async () => {
  const names = [
    await nameOf(),
    await nameOf('nat-no-lan'),
    await nameOf('routed'),
    await nameOf('nat', { uri: 'qemu:///session' }),
    await nameOf('nat', { ipv4: '10.201.0.0' }),
    await nameOf('nat', { prefix: 17 }),
    await nameOf('nat', { subnet_prefix: 25 }),
  ]
  expect(new Set(names).size).toBe(names.length)
  for (const name of names) expect(name).toMatch(/^see-(nat|nat-no-lan|routed)-[0-9a-f]{8}$/)
  expect(await nameOf()).toBe(names[0])
})
