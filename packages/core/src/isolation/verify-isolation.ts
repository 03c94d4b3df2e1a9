import { randomBytes } from 'node:crypto'
import { messageOf, SeeError } from '../common/errors.ts'
import { eitherSignal, timeoutSignal } from '../common/timeout-signal.ts'
import type { Agent } from '../contract/agent.ts'
import { type IsolationPlan, isolationTargets } from '../contract/isolation.ts'
import type { WaitOptions } from '../contract/wait-options.ts'
import { type Attempt, type ProbeAnswer } from './attempt.ts'
import { attemptsOf } from './attempts.ts'
import { control } from './host-control.ts'
import { HostListener } from './host-listener.ts'
import { judged } from './judge.ts'
import { probeAnswers } from './probe-answers.ts'
import { probeScript } from './probe-script.ts'
import type { IsolationReceipt } from './receipt.ts'

const PROBE_MS = 15_000
const OUTPUT_BYTES = 4096

interface ProbedGuest {
  readonly agent: Agent
  readonly signal: AbortSignal
}

/**
 * Has the guest try what its network forbids and allows, while this host listens.
 * @throws the signal's reason
 */
export async function probeIsolation(
  guest: ProbedGuest,
  plan: IsolationPlan,
  { signal, timeoutMs = PROBE_MS }: WaitOptions,
): Promise<IsolationReceipt> {
  const beganMs = performance.now()
  const over = eitherSignal(eitherSignal(guest.signal, signal), timeoutSignal(timeoutMs))
  const token = randomBytes(12).toString('hex')
  await using listener = await HostListener.open(token)
  const attempts = await attemptsOf(plan, listener.port)
  const [probe, ...controls] = await Promise.all([
    probed(guest.agent, attempts, token, over),
    ...attempts.map(async ({ kind, isOurs, address, port }) =>
      kind === 'name' || isOurs ? undefined : await control(address, port, over),
    ),
  ])
  guest.signal.throwIfAborted()
  signal?.throwIfAborted()
  const lines = attempts.map((attempt, index) =>
    judged(attempt, {
      expected: plan.expected[attempt.target],
      answer: probe.answers.get(index),
      arrived: attempt.isOurs && listener.hasArrived(index),
      control: controls[index],
    }),
  )
  return {
    mode: plan.mode,
    lines,
    durationMs: Math.round(performance.now() - beganMs),
    unprobed: probe.unprobed,
  }
}

interface Probe {
  readonly answers: ReadonlyMap<number, ProbeAnswer>
  readonly unprobed: string | null
}

async function probed(
  agent: Agent,
  attempts: readonly Attempt[],
  token: string,
  signal: AbortSignal,
): Promise<Probe> {
  try {
    if (await agent.isWindows())
      return unprobed('the probe is a script of a POSIX shell, which Windows has not')
    const script = probeScript(attempts, token)
    const options = { signal, timeoutMs: PROBE_MS, maxOutputBytes: OUTPUT_BYTES }
    const { stdout } = await agent.exec(['/bin/sh', '-c', script], options)
    return { answers: probeAnswers(stdout.toString('latin1'), attempts.length), unprobed: null }
  } catch (error) {
    return unprobed(`the probe could not be run in the guest: ${messageOf(error)}`)
  }
}

function unprobed(why: string): Probe {
  return { answers: new Map(), unprobed: why }
}

/** @throws SeeError `ISOLATION_BROKEN` when the guest reached what is forbidden */
export function assertIsolated({ lines, mode }: IsolationReceipt): void {
  const broken = lines.filter(({ verdict }) => verdict === 'mismatch')
  if (broken.length === 0) return
  const what = broken.map(
    ({ target, tried, by }) => `${isolationTargets[target]} (${tried}, seen by the ${by})`,
  )
  throw new SeeError(
    'ISOLATION_BROKEN',
    `the guest reached what its network mode "${mode}" forbids: ${what.join(', ')}; the sample is not run`,
  )
}
