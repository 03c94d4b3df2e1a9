import { SeeError } from '../common/errors.ts'

/** Undefined when the agent does not answer now: while the guest is paused it cannot, and what runs in it goes on later. */
export async function unlessSilent<Reply>(asked: Promise<Reply>): Promise<Reply | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof SeeError && error.code === 'AGENT_UNRESPONSIVE') return undefined
    throw error
  }
}
