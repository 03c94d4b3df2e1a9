import { afterEach, describe, expect, test, vi } from 'vitest'
import { planShared } from './plan-shared.ts'

afterEach(() => vi.restoreAllMocks())

const SUBNETS = { ipv4: '10.200.0.0', prefix: 16, subnet_prefix: 24 }
const where = { uri: 'qemu:///system', dynamicAddress: SUBNETS }
const asUser = () => vi.spyOn(process, 'geteuid').mockReturnValue(1000)

test('a guest has a network of its own where the file says so, for any user', async () => {
  expect(await planShared({ mode: 'nat', sharing: 'own' }, where)).toEqual({
    shared: undefined,
    reason: '"sharing" says so',
  })
})

describe('room for one guest alone', () => {
  test.each([
    [24, 24],
    [16, 30],
    [30, 30],
  ])('a range of prefix %i with subnets of prefix %i is not shared', async (prefix, subnet_prefix) => {
    const given = { ipv4: '10.0.0.0', prefix, subnet_prefix }
    const plan = await planShared(
      { mode: 'nat', dynamic_address: given },
      { ...where, dynamicAddress: given },
    )
    expect(plan).toMatchObject({ shared: undefined, reason: expect.stringContaining('a single subnet') })
  })
})

describe('a user who is not root', () => {
  test('has a network for each guest', async () => {
    asUser()
    const given = { ipv4: '10.0.0.0', prefix: 28, subnet_prefix: 29 }
    for (const dynamic_address of [undefined, given]) {
      expect(await planShared({ mode: 'nat', dynamic_address }, where)).toMatchObject({
        shared: undefined,
        reason: expect.stringContaining('only root'),
      })
    }
  })

  test('is refused a shared one', async () => {
    asUser()
    await expect(planShared({ mode: 'nat', sharing: 'shared' }, where)).rejects.toMatchObject({
      code: 'NETWORK_INVALID',
      message: expect.stringMatching(/only root.*: remove "sharing" from network, or run as root$/),
    })
  })
})
