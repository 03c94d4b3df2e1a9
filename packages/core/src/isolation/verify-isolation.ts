import { randomBytes } from 'node:crypto'
import { messageOf, SeeError } from '../common/errors.ts'
import { eitherSignal, timeoutSignal } from '../common/timeout-signal.ts'
import type { Agent } from '../contract/agent.ts'
import { type AllowedPlace, type IsolationPlan, isolationTargets } from '../contract/isolation.ts'
import type { Attempt, ProbeAnswer } from './attempt.ts'
import { attemptsOf } from './attempts.ts'
import { expectation } from './expectation.ts'
import { control } from './host-control.ts'
import { HostListener } from './host-listener.ts'
import { judged, type Observation } from './judge.ts'
import { neighboursSeen } from './neighbour-table.ts'
import { probeAnswers } from './probe-answers.ts'
import { probeScript } from './probe-script.ts'
import { ProbeTraffic } from './probe-traffic.ts'
import type { IsolationReceipt } from './receipt.ts'

const PROBE_MS = 15_000
const OUTPUT_BYTES = 4096
/** What is allowed must be reached: where it was not, a busy guest has more time to try once more. */
const AGAIN_SECONDS = 5

interface ProbedGuest {
  readonly agent: Agent
  readonly signal: AbortSignal
  /** Its address, where it is known. */
  readonly address: string | undefined
  /** Called with what distinguishes the probe's packets, before there are any. */
  readonly onTraffic: (traffic: ProbeTraffic) => void
}

interface ProbeOptions {
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number | undefined
}

/**
 * Has the guest try what its network forbids and allows, while this host listens.
 * @throws the signal's reason
 */
export async function probeIsolation(
  guest: ProbedGuest,
  plan: IsolationPlan,
  { signal, timeoutMs = PROBE_MS }: ProbeOptions,
): Promise<IsolationReceipt> {
  const over = eitherSignal(eitherSignal(guest.signal, signal), timeoutSignal(timeoutMs))
  const token = randomBytes(12).toString('hex')
  const name = `see-isolation-${token}.invalid`
  await using listener = await HostListener.open(token)
  const { ports } = listener
  const attempts = await attemptsOf(plan, { ports, name, guestAddress: guest.address })
  const traffic = new ProbeTraffic({ token, name, ports, attempts })
  guest.onTraffic(traffic)
  try {
    const probe = new Probe(guest, token, over)
    const [answers, controls] = await Promise.all([probe.run(attempts), controlsOf(attempts, over)])
    const missed = attempts.filter(({ target }, index) => {
      return target === 'allowed' && answers.get(index) !== 'reached' && probe.unprobed === null
    })
    const again = missed.length === 0 ? undefined : await probe.run(missed, AGAIN_SECONDS)
    const lines = await Promise.all(
      attempts.map(async (attempt, index) => {
        const second = again?.get(missed.indexOf(attempt))
        const answer = second ?? answers.get(index)
        const observation: Observation = {
          expected: expectation(attempt, plan.expected),
          answer,
          arrived: attempt.isOurs && listener.hasArrived(index),
          control:
            attempt.target === 'allowed' && answer !== 'reached'
              ? await allowedControl(plan.allowed, attempt, over)
              : controls[index],
        }
        return judged(attempt, observation)
      }),
    )
    traffic.end()
    guest.signal.throwIfAborted()
    signal?.throwIfAborted()
    const { from, to, durationMs } = traffic
    return {
      mode: plan.mode,
      lines,
      from,
      to,
      durationMs: Math.round(durationMs),
      unprobed: probe.unprobed,
    }
  } finally {
    traffic.end()
  }
}

/** What this host gets of what the guest tries; what is allowed is not connected to without need. */
async function controlsOf(
  attempts: readonly Attempt[],
  signal: AbortSignal,
): Promise<readonly Observation['control'][]> {
  const hasNeighbours = attempts.some(({ target }) => target === 'neighbours')
  const seen = hasNeighbours ? await neighboursSeen() : new Set<string>()
  return await Promise.all(
    attempts.map(async ({ target, kind, isOurs, address, port }) => {
      if (kind !== 'tcp' || isOurs || target === 'allowed') return undefined
      if (target === 'neighbours') return seen.has(address) ? 'open' : 'blocked'
      return await control(address, port, signal)
    }),
  )
}

async function allowedControl(
  allowed: readonly AllowedPlace[],
  { address, port }: Attempt,
  signal: AbortSignal,
): Promise<Observation['control']> {
  const place = allowed.find((each) => each.address === address && each.port === port)
  return place === undefined ? undefined : await control(place.to.host, place.to.port, signal)
}

/** The attempts of one guest. */
class Probe {
  /** Why it tried nothing; null where it did. */
  unprobed: string | null = null
  readonly #guest: ProbedGuest
  readonly #token: string
  readonly #signal: AbortSignal

  constructor(guest: ProbedGuest, token: string, signal: AbortSignal) {
    this.#guest = guest
    this.#token = token
    this.#signal = signal
  }

  async run(attempts: readonly Attempt[], seconds?: number): Promise<ReadonlyMap<number, ProbeAnswer>> {
    const { agent, address } = this.#guest
    try {
      if (await agent.isWindows()) {
        this.unprobed = 'the probe is a script of a POSIX shell, which Windows has not'
        return new Map()
      }
      const script = probeScript(attempts, {
        token: this.#token,
        guestAddress: address,
        ...(seconds === undefined ? {} : { seconds }),
      })
      const options = { signal: this.#signal, timeoutMs: PROBE_MS, maxOutputBytes: OUTPUT_BYTES }
      const { stdout } = await agent.exec(['/bin/sh', '-c', script], options)
      return probeAnswers(stdout.toString('latin1'), attempts.length)
    } catch (error) {
      this.unprobed = `the probe could not be run in the guest: ${messageOf(error)}`
      return new Map()
    }
  }
}

/** @throws SeeError `ISOLATION_BROKEN` when the guest reached what is forbidden, or not what is allowed by name or address */
export function assertIsolated({ lines, mode }: IsolationReceipt): void {
  const broken = lines.filter(({ verdict }) => verdict === 'mismatch')
  const reached = broken.filter(({ target }) => target !== 'allowed').map(textOf)
  const missed = broken.filter(({ target }) => target === 'allowed').map(({ tried }) => tried)
  if (broken.length === 0) return
  const what = [
    ...(reached.length === 0
      ? []
      : [`reached what its network mode "${mode}" forbids: ${reached.join(', ')}`]),
    ...(missed.length === 0 ? [] : [`did not reach what its network allows: ${missed.join(', ')}`]),
  ]
  throw new SeeError('ISOLATION_BROKEN', `the guest ${what.join(', and ')}; the sample is not run`)
}

function textOf({ target, tried, by }: IsolationReceipt['lines'][number]): string {
  return `${isolationTargets[target]} (${tried}, seen by the ${by})`
}
