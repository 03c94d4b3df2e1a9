import { SeeError } from '../common/errors.ts'
import { untilOpen } from './port-source.ts'
import type { ReadyOptions, ReadySource } from './ready-options.ts'
import { untilSettled } from './screen-source.ts'
import { untilMatched } from './serial-source.ts'
import type { WaitingGuest } from './waiting-guest.ts'

/** Longer than any wait: the wait as a whole has its own bound. */
const LONG_MS = 2 ** 31 - 1
const AGENT_AGAIN_MS = 50

export interface WatchedSource {
  readonly by: ReadySource
  /** Resolves when the guest is ready by it, with the detail if there is one. */
  readonly until: (signal: AbortSignal) => Promise<string | undefined>
}

/**
 * The sources that are asked for; without any, the agent, or, where the guest has no channel to one, its address, or a screen
 * that stopped changing.
 * @throws SeeError `CONFIGURATION_INVALID` when the sandbox has no such thing to wait for
 */
export async function chosenSources(
  guest: WaitingGuest,
  options: ReadyOptions,
): Promise<readonly WatchedSource[]> {
  const { agent, address, serial, port, screen } = options
  const asked: WatchedSource[] = []
  if (agent === true) asked.push(byAgent(guest))
  if (address === true) asked.push(byAddress(guest))
  if (serial !== undefined) asked.push(await bySerial(guest, serial))
  if (port !== undefined) asked.push(byPort(guest, port))
  if (screen !== undefined) asked.push(await byScreen(guest, screen === true ? {} : screen))
  return asked.length > 0 ? asked : [await byDefault(guest)]
}

async function byDefault(guest: WaitingGuest): Promise<WatchedSource> {
  const { abilities, macAddress } = guest.resources
  if (abilities.agent?.own !== undefined || abilities.agent?.channel !== undefined) return byAgent(guest)
  return macAddress === undefined ? await byScreen(guest, {}) : byAddress(guest)
}

function byAgent({ agent }: WaitingGuest): WatchedSource {
  const until = async (signal: AbortSignal) => {
    await agent.waitUntilReady({ signal, timeoutMs: LONG_MS, intervalMs: AGENT_AGAIN_MS })
    return undefined
  }
  return { by: 'agent', until }
}

function byAddress(guest: WaitingGuest): WatchedSource {
  if (guest.resources.macAddress === undefined) throw nothing('an address', 'has no network interface')
  return {
    by: 'address',
    until: (signal) => guest.waitForIp4Address({ signal, timeoutMs: LONG_MS }),
  }
}

async function bySerial(guest: WaitingGuest, pattern: RegExp): Promise<WatchedSource> {
  if ((await guest.resources.abilities.console?.isConfigured()) !== true) {
    throw nothing('a text on the console', 'has no console that can be read')
  }
  return { by: 'serial', until: (signal) => untilMatched(guest, pattern, { signal }) }
}

function byPort(guest: WaitingGuest, port: number): WatchedSource {
  const { isReachable, macAddress } = guest.resources
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw invalid(`${port} is no TCP port`)
  if (macAddress === undefined || isReachable === false) {
    throw nothing(`port ${port}`, 'is on no network on which this host reaches it')
  }
  const until = async (signal: AbortSignal) => {
    const address = await guest.waitForIp4Address({ signal, timeoutMs: LONG_MS })
    await untilOpen(address, port, signal)
    return `${address}:${port}`
  }
  return { by: 'port', until }
}

async function byScreen(guest: WaitingGuest, settled: Exclude<ReadyOptions['screen'], true | undefined>) {
  const { screen } = guest.resources.abilities
  if (screen === undefined || !(await screen.isConfigured())) {
    throw nothing('a screen that stopped changing', 'has no screen that can be captured')
  }
  const until = async (signal: AbortSignal) => {
    await untilSettled(screen, settled, signal)
    return undefined
  }
  return { by: 'screen' as const, until }
}

function nothing(what: string, why: string): SeeError {
  return invalid(
    `ready() cannot wait for ${what}: the guest ${why}; choose another of agent, address, serial, port and screen`,
  )
}

function invalid(message: string): SeeError {
  return new SeeError('CONFIGURATION_INVALID', message)
}
