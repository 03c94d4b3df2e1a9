import { bounded } from '../common/bounded.ts'
import type { WaitOptions } from '../contract/wait-options.ts'
import type { Diagnosis, Findings, PastEvent } from './diagnosis.ts'
import { likelyCause } from './likely-cause.ts'
import { readScreen } from './read-screen.ts'
import type { ReadySource } from './ready-options.ts'
import type { WaitingGuest } from './waiting-guest.ts'

/** For each thing that is looked at, all of them beside one another. */
const LOOK_MS = 5000
const PING_MS = 1000
/** The agent, the screen and the hypervisor choose how much there is. */
const MOST_CHARACTERS = 16 * 1024
const MOST_INTERFACES = 100

interface Wait {
  readonly waitedFor: readonly ReadySource[]
  readonly afterMs: number
  readonly events: readonly PastEvent[]
}

/** Looks at everything that may say why a guest is not ready, for some seconds at most. What cannot be seen is undefined. */
export async function diagnose(
  guest: WaitingGuest,
  { waitedFor, afterMs, events }: Wait,
): Promise<Diagnosis> {
  const { resources, signal } = guest
  const { agent, console, screen } = resources.abilities
  const hasAgent = agent?.own !== undefined || agent?.channel !== undefined
  const options: WaitOptions = { signal, timeoutMs: LOOK_MS }
  const [state, agentAnswers, addresses, screenshot, screenText, hypervisorErrors, hasConsole] =
    await Promise.all([
      look(signal, () => guest.state(options)),
      hasAgent ? answers(guest) : undefined,
      look(signal, () => guest.interfaceAddresses()),
      look(signal, async (over) =>
        (await screen?.isConfigured()) === true && screen !== undefined
          ? await readScreen(screen, over)
          : undefined,
      ),
      look(signal, async () => await resources.clues?.screenText?.(options)),
      look(signal, async () => await resources.clues?.hypervisorErrors?.(options)),
      look(signal, async () => await console?.isConfigured()),
    ])
  const findings: Findings = {
    waitedFor,
    afterMs,
    state,
    ends: guest.guestEnds,
    reboots: guest.guestReboots,
    agentAnswers,
    addresses: (addresses ?? []).slice(0, MOST_INTERFACES),
    console: hasConsole === true ? guest.console.tail.toString() : undefined,
    screenText: screenText?.slice(-MOST_CHARACTERS),
    hypervisorErrors: hypervisorErrors?.slice(-MOST_CHARACTERS),
    events: [...events],
  }
  return { ...findings, screenshot, cause: likelyCause(findings) }
}

async function answers({ agent, signal }: WaitingGuest): Promise<boolean> {
  const found = await look(signal, async () => {
    await agent.ping({ timeoutMs: PING_MS })
    return true
  })
  return found === true
}

/** Undefined where it fails or takes too long: then the next best is known without it. */
async function look<Found>(
  signal: AbortSignal,
  see: (signal: AbortSignal) => Promise<Found | undefined>,
): Promise<Found | undefined> {
  try {
    return await bounded({ signal, timeoutMs: LOOK_MS }, () => new Error('not seen in time'), see)
  } catch {
    return undefined
  }
}
