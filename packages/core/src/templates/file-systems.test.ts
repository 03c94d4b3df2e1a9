import { expect, test } from 'vitest'
import type { AgentChannel } from '../contract/agent-ability.ts'
import { freezeFileSystems, thawFileSystems } from './file-systems.ts'

const answering = (reply: object): AgentChannel => ({ agentCommand: async () => JSON.stringify(reply) })
const refusing = (kind: string, desc: string) => answering({ error: { class: kind, desc } })

test('file systems are at rest once the agent has frozen one', async () => {
  expect(await freezeFileSystems(answering({ return: 1 }), 1000)).toBeUndefined()
})

test.each([
  [
    'knows no such command',
    refusing('CommandNotFound', 'The command guest-fsfreeze-freeze has not been found'),
  ],
  ['must not', refusing('CommandNotFound', 'Command guest-fsfreeze-freeze has been disabled')],
  ['cannot', refusing('GenericError', 'failed to open /boot')],
  ['finds none', answering({ return: 0 })],
])('why they are not is said where the agent %s', async (_what, channel) => {
  expect(await freezeFileSystems(channel, 1000)).toMatch(/freeze/)
})

test('a thaw that the agent refuses is no clone', async () => {
  await expect(thawFileSystems(refusing('GenericError', 'no'), 1000)).rejects.toThrow('guest-fsfreeze-thaw')
})
