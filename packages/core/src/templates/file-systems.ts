import { z } from 'zod'
import { SeeError } from '../common/errors.ts'
import { Commands } from '../guest-agent/channel.ts'
import type { AgentChannel } from '../contract/agent-ability.ts'

/** The agent does not know the command, must not carry it out, or could not. */
const REFUSALS: ReadonlySet<string> = new Set(['AGENT_COMMAND_DISABLED', 'AGENT_COMMAND_FAILED'])

const count = z.int().nonnegative()

/**
 * Has a guest's file systems put everything in place on its disk, journals included, and hold all writers back: so the disk
 * of a template says itself what is on it. Until they are thawed, the agent answers little else.
 * @returns why that cannot be; undefined when it is done
 * @throws SeeError as the guest agent does, but for `AGENT_COMMAND_DISABLED` and `AGENT_COMMAND_FAILED`
 */
export async function freezeFileSystems(
  channel: AgentChannel | undefined,
  timeoutMs: number,
): Promise<string | undefined> {
  try {
    const frozen = await new Commands(channel).run(count, 'guest-fsfreeze-freeze', {}, { timeoutMs })
    return frozen === 0 ? 'the guest agent finds no file system to freeze' : undefined
  } catch (error) {
    if (error instanceof SeeError && REFUSALS.has(error.code)) return error.message
    throw error
  }
}

/**
 * Lets the writers go on, in a clone.
 * @throws SeeError as the guest agent does
 */
export async function thawFileSystems(channel: AgentChannel | undefined, timeoutMs: number): Promise<void> {
  await new Commands(channel).run(count, 'guest-fsfreeze-thaw', {}, { timeoutMs })
}
