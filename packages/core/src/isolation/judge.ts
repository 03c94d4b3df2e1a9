import type { IsolationExpectation } from '../contract/isolation.ts'
import type { Attempt, ProbeAnswer } from './attempt.ts'
import type { Attempted, ReceiptLine, Verdict } from './receipt.ts'

/** What is known of an attempt. */
export interface Observation {
  readonly expected: IsolationExpectation
  /** What the guest said; undefined when it said nothing. */
  readonly answer: ProbeAnswer | undefined
  /** Whether our listener got the guest's token. */
  readonly arrived: boolean
  /** What this host got of the same; undefined where it did not try. */
  readonly control: 'open' | 'refused' | 'blocked' | undefined
}

/** Judges one attempt. */
export function judged(attempt: Attempt, observation: Observation): ReceiptLine {
  const { expected, control } = observation
  const seen = attempt.isOurs ? atListener(observation) : byGuest(attempt, observation)
  return {
    target: attempt.target,
    tried: attempt.kind === 'name' ? attempt.address : `${bracketed(attempt.address)}:${attempt.port}`,
    expected,
    seen,
    by: attempt.isOurs ? 'host' : 'guest',
    control: control === undefined ? null : control !== 'blocked',
    verdict: verdictOf(attempt, observation, seen),
  }
}

/** Where the listener is ours, what arrives there is known, whatever the guest says. */
function atListener({ arrived, answer }: Observation): Attempted {
  if (arrived) return 'reached'
  return answer === undefined || answer === 'unable' ? 'unknown' : 'blocked'
}

/**
 * A refusal is an answer of the target only where this host is refused as well; otherwise a firewall's. Between
 * neighbours there is none.
 */
function byGuest({ target }: Attempt, { answer, control }: Observation): Attempted {
  if (answer === undefined || answer === 'unable') return 'unknown'
  if (answer !== 'refused') return answer
  return control === 'refused' || target === 'neighbours' ? 'reached' : 'blocked'
}

function verdictOf(
  { target, isOurs }: Attempt,
  { expected, control }: Observation,
  seen: Attempted,
): Verdict {
  if (seen === 'unknown') return 'unproved'
  if (seen === 'reached')
    return expected === 'forbidden' ? 'mismatch' : expected === 'sunk' ? 'unproved' : 'as_expected'
  // Not reaching it means something only where there is something to reach.
  if (!isOurs && control !== 'open' && control !== 'refused') return 'unproved'
  if (expected !== 'allowed') return 'as_expected'
  return target === 'allowed' && control === 'open' ? 'mismatch' : 'less'
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address.replace('%', '')}]` : address
}
