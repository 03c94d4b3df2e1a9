import { SeeError } from '@see/core'
import type { GuestLife } from '../guest/guest-life.ts'

/** How long a guest whose agent failed may take to be seen as stopped. */
const STOPPING_MS = 5000
const OF_GUESTS_ALIVE = new Set(['GUEST_EXEC_TIMEOUT', 'AGENT_COMMAND_FAILED', 'GUEST_OUTPUT_LIMIT'])

/** Whether a command failed because its guest ends: the agent stops before its guest does. */
export async function isOfEndingGuest(error: unknown, life: GuestLife): Promise<boolean> {
  const isAlive = error instanceof SeeError && OF_GUESTS_ALIVE.has(error.code)
  return life.ended || (!isAlive && (await life.endsWithin(STOPPING_MS)))
}
