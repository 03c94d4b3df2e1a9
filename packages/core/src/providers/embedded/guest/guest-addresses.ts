import { z } from 'zod'
import { Commands } from '../../../guest-agent/channel.ts'
import type { AgentChannel } from '../../../contract/agent-ability.ts'
import type { InterfaceAddresses } from '../../../contract/resources.ts'

const MOST = 1000
const text = z.string().max(200)

const interfaces = z
  .array(
    z.object({
      name: text,
      'hardware-address': text.optional(),
      'ip-addresses': z
        .array(
          z.object({
            'ip-address-type': z.enum(['ipv4', 'ipv6']),
            'ip-address': text,
            prefix: z.int().min(0).max(128),
          }),
        )
        .max(MOST)
        .default([]),
    }),
  )
  .max(MOST)

/** The addresses of a guest's interfaces, by its own word. @throws SeeError as {@link Commands.run} */
export async function guestAddresses(channel: AgentChannel): Promise<InterfaceAddresses[]> {
  const found = await new Commands(channel).run(interfaces, 'guest-network-get-interfaces')
  return found.map((each) => ({
    name: each.name,
    hwaddr: each['hardware-address'],
    addrs: each['ip-addresses'].map((address) => ({
      type: address['ip-address-type'],
      addr: address['ip-address'],
      prefix: address.prefix,
    })),
  }))
}
