import { z } from 'zod'

const count = z.int().min(0)
const text = z.string().nullable()

const address = z.object({
  interface: z.string().describe('The interface, as the guest or its container names it.'),
  mac_address: text.describe('Its MAC address; null where that is not known.'),
  addresses: z.array(z.string()).describe('Its addresses.'),
})

const event = z.object({
  name: z.string().describe('The event.'),
  origin: z.string().describe('Who fired it.'),
  time: z.string().describe('When, in ISO 8601.'),
})

const end = z.object({
  reason: z.string().describe('How the guest ended, such as `powered_off` or `crashed`.'),
  detail: z.string().describe('What is known of it, in one line.'),
})

/** What was seen of a guest that did not get ready. Its texts are partly the guest's own. */
export const notReadySchema = z.object({
  cause: z.string().describe('The likely cause, in one line.'),
  waited_for: z
    .array(z.enum(['agent', 'address', 'serial', 'port', 'screen']))
    .describe('What was waited for; the first would have counted.'),
  after_ms: count.describe('How long, in milliseconds.'),
  state: text.describe('The state of the domain; null when the provider did not say in time.'),
  ended: z.array(end).describe('Its ends that were not asked for, oldest first.'),
  reboots: count.describe('How often it rebooted without a request.'),
  agent_answers: z
    .boolean()
    .nullable()
    .describe('Whether its agent answers; null where it has no channel to one.'),
  addresses: z.array(address).describe('The addresses of its interfaces, by leases or by its agent.'),
  console: text.describe(
    'The end of what it wrote on its console, 16 KiB at most; null when it has no console that can be read.',
  ),
  screen_text: text.describe('The text on its screen; null when that shows none that can be read.'),
  hypervisor_errors: text.describe(
    'The end of what the hypervisor wrote on its standard error; null when that cannot be read.',
  ),
  events: z.array(event).describe('The last thirty events before, oldest first.'),
})

/** What was seen of a guest that did not get ready. */
export type NotReady = z.output<typeof notReadySchema>
