import { parseBoundedJson } from '@see/qemu/bounded-json'
import { z } from 'zod'
import type { PingOptions } from '../contract/agent.ts'
import { SeeError } from '../common/errors.ts'
import type { AgentChannel } from '../contract/agent-ability.ts'
import { quoteGuestText } from '../common/quote-guest-text.ts'
import { withTimeout } from '../common/with-timeout.ts'

const reply = z.union([
  z.object({ return: z.unknown() }),
  z.object({ error: z.object({ class: z.string(), desc: z.string() }) }),
])

const nothing = z.unknown()

const DEFAULT_TIMEOUT_MS = 10_000
/** The agent sends up to 16 MiB of a program's output; what we ask it for is far less. */
const REPLY_LIMIT = 10 * 1024 * 1024

/** Sends commands of the QEMU guest agent's protocol and checks what comes back: the guest writes it. */
export class Commands {
  readonly #channel: AgentChannel | undefined
  readonly #misbehaved: (error: SeeError) => void

  constructor(channel: AgentChannel | undefined, misbehaved: (error: SeeError) => void = () => undefined) {
    this.#channel = channel
    this.#misbehaved = misbehaved
  }

  /** @throws SeeError as {@link run} */
  async ping(options?: PingOptions): Promise<void> {
    await this.run(nothing, 'guest-ping', {}, options)
  }

  /**
   * @throws SeeError `AGENT_UNAVAILABLE`, `AGENT_UNRESPONSIVE`, `AGENT_COMMAND_FAILED`, `AGENT_COMMAND_DISABLED` or
   * `AGENT_CHANNEL`
   */
  async run<Reply>(
    schema: z.ZodType<Reply>,
    execute: string,
    parameters: Record<string, unknown> = {},
    options: PingOptions = {},
  ): Promise<Reply> {
    try {
      return await this.#run(schema, execute, parameters, options)
    } catch (error) {
      if (error instanceof SeeError && error.code === 'AGENT_CHANNEL') this.#misbehaved(error)
      throw error
    }
  }

  async #run<Reply>(
    schema: z.ZodType<Reply>,
    execute: string,
    parameters: Record<string, unknown>,
    { timeoutMs = DEFAULT_TIMEOUT_MS }: PingOptions,
  ): Promise<Reply> {
    if (this.#channel === undefined) {
      throw new SeeError(
        'AGENT_UNAVAILABLE',
        'the domain has no guest agent channel; add <channel type="unix"><target type="virtio" name="org.qemu.guest_agent.0"/></channel> to the devices of its XML',
      )
    }
    const command = JSON.stringify({ execute, arguments: parameters })
    const timeoutSeconds = Math.ceil(timeoutMs / 1000)
    const answer = this.#channel.agentCommand(command, { timeoutSeconds }).catch((error: unknown) => {
      throw error instanceof SeeError && isDisabled(error.message) ? disabled(execute, error) : error
    })
    const text = await withTimeout(timeoutMs, answer, () => {
      return new SeeError(
        'AGENT_UNRESPONSIVE',
        `the guest agent did not answer ${execute} within ${timeoutMs} ms`,
      )
    })
    const parsed = parseReply(execute, text)
    if ('error' in parsed) {
      const message = `the guest agent refused ${execute}: ${quoteGuestText(parsed.error.desc)}`
      const refused = new SeeError('AGENT_COMMAND_FAILED', message)
      throw parsed.error.class === 'CommandNotFound' || isDisabled(parsed.error.desc)
        ? disabled(execute, refused)
        : refused
    }
    const result = schema.safeParse(parsed.return)
    if (result.success) return result.data
    throw new SeeError('AGENT_CHANNEL', `the guest agent's reply to ${execute} makes no sense`, {
      cause: result.error,
    })
  }
}

/**
 * What qemu-ga says of a command on its block list, or that it does not know: "The command guest-exec has been disabled for
 * this instance", "Command guest-exec has been disabled", "The command guest-exec has not been found".
 */
function isDisabled(description: string): boolean {
  return /command [\w-]+ has (been disabled|not been found)/i.test(description)
}

function disabled(execute: string, cause: SeeError): SeeError {
  return new SeeError(
    'AGENT_COMMAND_DISABLED',
    `the guest agent does not carry out ${execute}: take it off the agent's block list, in /etc/sysconfig/qemu-ga (Fedora, RHEL) or /etc/qemu/qemu-ga.conf of the guest, or install a newer agent (${cause.message})`,
    { cause },
  )
}

function parseReply(execute: string, text: string): z.output<typeof reply> {
  if (text.length > REPLY_LIMIT) {
    const message = `the guest agent answered ${execute} with ${text.length} characters, more than ${REPLY_LIMIT}`
    throw new SeeError('AGENT_CHANNEL', message)
  }
  try {
    return reply.parse(parseBoundedJson(text))
  } catch (error) {
    const message = `the guest agent answered ${execute} with ${quoteGuestText(text)}, which is no reply`
    throw new SeeError('AGENT_CHANNEL', message, { cause: error })
  }
}
