import type { Agent } from '../contract/agent.ts'
import { SeeError } from '../common/errors.ts'
import { poll, type PollOptions } from '../common/poll.ts'

/** When asking again is of no use. */
const FINAL = new Set(['AGENT_UNAVAILABLE', 'GUEST_STOPPED'])

/**
 * Asks an agent until it answers.
 * @param advice what may be wrong when it does not
 * @throws SeeError `AGENT_UNRESPONSIVE`, or immediately `AGENT_UNAVAILABLE` or `GUEST_STOPPED`
 */
export async function untilReady(
  agent: Pick<Agent, 'ping'>,
  advice: string,
  options: PollOptions,
): Promise<void> {
  let last: unknown
  const ask = async () => {
    try {
      await agent.ping({ timeoutMs: 1000 })
      return true
    } catch (error) {
      if (!(error instanceof SeeError) || FINAL.has(error.code)) throw error
      last = error
      return undefined
    }
  }
  const timedOut = () =>
    new SeeError('AGENT_UNRESPONSIVE', `no guest agent answered within ${options.timeoutMs} ms; ${advice}`, {
      cause: last,
    })
  await poll(ask, timedOut, options)
}
