import { expect, test } from 'vitest'
import { AgentAddress } from './agent-address.ts'

/** Addresses of no host: reserved for documentation. */
const [HEARD, CONFIGURED, GUEST] = ['192.0.2.1', '192.0.2.2', '192.0.2.3']
const context = { ip4Address: async () => GUEST }

test('what was heard goes before what is configured, and that before what the context knows', async () => {
  const address = new AgentAddress(CONFIGURED)
  address.hear({ address: HEARD })
  expect(await address.current(context)).toBe(HEARD)
  address.forget()
  expect(await address.current(context)).toBe(CONFIGURED)
  expect(await new AgentAddress(undefined).current(context)).toBe(GUEST)
})

test('a guest may have none yet', async () => {
  const address = new AgentAddress(undefined)
  expect(await address.current({ ip4Address: async () => undefined })).toBeUndefined()
})

test.each(['127.0.0.2', '0.0.0.0', '::1', '::ffff:127.0.0.1'])(
  'a guest’s address %s is not believed, whatever its source',
  async (own) => {
    const refused = { code: 'AGENT_CHANNEL', message: expect.stringContaining(own) }
    const heard = new AgentAddress(CONFIGURED)
    heard.hear({ address: own })
    await expect(heard.current(context)).rejects.toMatchObject(refused)
    const told = new AgentAddress(undefined).current({ ip4Address: async () => own })
    await expect(told).rejects.toMatchObject(refused)
  },
)

test('the user may know better', async () => {
  expect(await new AgentAddress('127.0.0.1').current(context)).toBe('127.0.0.1')
})
