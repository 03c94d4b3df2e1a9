import { z } from 'zod'
import { messageOf, SeeError } from '../errors.ts'
import type { AgentChannel } from '../resources.ts'

const reply = z.union([
  z.object({ return: z.unknown() }),
  z.object({ error: z.object({ class: z.string(), desc: z.string() }) }),
])

const DEFAULT_TIMEOUT_MS = 10_000

export interface CommandOptions {
  /** How long the agent may take to answer, in milliseconds; ten seconds when not given. */
  readonly timeoutMs?: number
}

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
    { timeoutMs = DEFAULT_TIMEOUT_MS }: CommandOptions = {},
  ): Promise<Reply> {
    if (this.#channel === undefined) {
      throw new SeeError(
        'AGENT_UNAVAILABLE',
        'the domain has no guest agent channel; add <channel type="unix"><target type="virtio" name="org.qemu.guest_agent.0"/></channel> to the devices of its XML',
      )
    }
    const command = JSON.stringify({ execute, arguments: parameters })
    const text = await this.#channel.agentCommand(command, { timeoutSeconds: Math.ceil(timeoutMs / 1000) })
    const parsed = parseReply(execute, text)
    if ('error' in parsed) {
      const { desc } = parsed.error
      throw new SeeError('AGENT_COMMAND_FAILED', `the guest agent refused ${execute}: ${desc.slice(0, 500)}`)
    }
    const result = schema.safeParse(parsed.return)
    if (result.success) return result.data
    throw new SeeError('AGENT_CHANNEL', `the guest agent's reply to ${execute} makes no sense`, {
      cause: result.error,
    })
  }
}

function parseReply(execute: string, text: string): z.output<typeof reply> {
  try {
    return reply.parse(JSON.parse(text))
  } catch (error) {
    const begin = JSON.stringify(text.slice(0, 80))
    throw new SeeError(
      'AGENT_CHANNEL',
      `the guest agent answered ${execute} with ${begin}: ${messageOf(error).slice(0, 200)}`,
      { cause: error },
    )
  }
}
