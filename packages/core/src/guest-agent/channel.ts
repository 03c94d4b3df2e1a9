import { z } from 'zod'
import type { PingOptions } from '../agent.ts'
import { SeeError } from '../errors.ts'
import type { AgentChannel } from '../resources.ts'
import { quoted } from '../quoted.ts'
import { within } from '../within.ts'

const reply = z.union([
  z.object({ return: z.unknown() }),
  z.object({ error: z.object({ class: z.string(), desc: z.string() }) }),
])

const DEFAULT_TIMEOUT_MS = 10_000
/** The agent sends up to 16 MiB of a program's output; what we ask it for is far less. */
const REPLY_LIMIT = 10 * 1024 * 1024

/** Sends commands of the QEMU guest agent's protocol and checks what comes back: the guest writes it. */
export class Commands {
  readonly #channel: AgentChannel | undefined

  constructor(channel: AgentChannel | undefined) {
    this.#channel = channel
  }

  /**
   * @throws SeeError `AGENT_UNAVAILABLE`, `AGENT_UNRESPONSIVE`, `AGENT_COMMAND_FAILED` or `AGENT_CHANNEL`
   */
  async run<Reply>(
    schema: z.ZodType<Reply>,
    execute: string,
    parameters: Record<string, unknown> = {},
    { timeoutMs = DEFAULT_TIMEOUT_MS }: PingOptions = {},
  ): Promise<Reply> {
    if (this.#channel === undefined) {
      throw new SeeError(
        'AGENT_UNAVAILABLE',
        'the domain has no guest agent channel; add <channel type="unix"><target type="virtio" name="org.qemu.guest_agent.0"/></channel> to the devices of its XML',
      )
    }
    const command = JSON.stringify({ execute, arguments: parameters })
    const timeoutSeconds = Math.ceil(timeoutMs / 1000)
    const text = await within(timeoutMs, this.#channel.agentCommand(command, { timeoutSeconds }), () => {
      return new SeeError(
        'AGENT_UNRESPONSIVE',
        `the guest agent did not answer ${execute} within ${timeoutMs} ms`,
      )
    })
    const parsed = parseReply(execute, text)
    if ('error' in parsed) {
      const message = `the guest agent refused ${execute}: ${quoted(parsed.error.desc)}`
      throw new SeeError('AGENT_COMMAND_FAILED', message)
    }
    const result = schema.safeParse(parsed.return)
    if (result.success) return result.data
    throw new SeeError('AGENT_CHANNEL', `the guest agent's reply to ${execute} makes no sense`, {
      cause: result.error,
    })
  }
}

function parseReply(execute: string, text: string): z.output<typeof reply> {
  if (text.length > REPLY_LIMIT) {
    const message = `the guest agent answered ${execute} with ${text.length} characters, more than ${REPLY_LIMIT}`
    throw new SeeError('AGENT_CHANNEL', message)
  }
  try {
    return reply.parse(JSON.parse(text))
  } catch (error) {
    const message = `the guest agent answered ${execute} with ${quoted(text)}, which is no reply`
    throw new SeeError('AGENT_CHANNEL', message, { cause: error })
  }
}
