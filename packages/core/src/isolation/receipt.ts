import type { IsolationExpectation, IsolationTarget } from '../contract/isolation.ts'

/** What became of an attempt: `unknown` when the guest had no means to try, or said nothing. */
export type Attempted = 'reached' | 'blocked' | 'unknown'

/** What follows: `less` is less than what is allowed; `unproved` that nothing is proved. */
export type Verdict = 'as_expected' | 'mismatch' | 'less' | 'unproved'

/** One thing that the guest tried to reach. */
export interface ReceiptLine {
  readonly target: IsolationTarget
  /** What was tried, such as `192.0.2.1:80`. */
  readonly tried: string
  readonly expected: IsolationExpectation
  readonly seen: Attempted
  /** Who observed that: the guest's word is hostile, the host's is not. */
  readonly by: 'host' | 'guest'
  /** Whether this host reaches it; null where that was not tried. */
  readonly control: boolean | null
  readonly verdict: Verdict
}

/** What a sandbox was seen to be isolated from, before its sample was run. */
export interface IsolationReceipt {
  /** The mode of the network; null where it is not known. */
  readonly mode: string | null
  readonly lines: readonly ReceiptLine[]
  /** When it began and ended, in milliseconds since the epoch: in between, its packets are in a trace. */
  readonly from: number
  readonly to: number
  readonly durationMs: number
  /** Why the guest tried nothing; null where it did, or has no network interface. */
  readonly unprobed: string | null
}
