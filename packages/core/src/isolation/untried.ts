import type { IsolationPlan, IsolationTarget } from '../contract/isolation.ts'
import { expectation } from './expectation.ts'
import type { IsolationReceipt } from './receipt.ts'

/** A receipt of a guest that tried nothing, and why. */
export function unprobedReceipt(mode: string | null, why: string): IsolationReceipt {
  const now = Date.now()
  return { mode, lines: [], from: now, to: now, durationMs: 0, unprobed: why }
}

/** A guest without a network interface reaches nothing: this host knows that, and nothing need be tried. */
export function interfacelessReceipt({ mode, expected }: IsolationPlan): IsolationReceipt {
  const targets: readonly IsolationTarget[] = ['host', 'raw', 'ipv6', 'internet', 'lan', 'metadata', 'dns']
  const lines = targets.map((target) => {
    const tried = 'there is no network interface'
    const facts = { seen: 'blocked', by: 'host', control: null, verdict: 'as_expected' } as const
    return { target, tried, expected: expectation({ target, isOurs: true }, expected), ...facts }
  })
  return { ...unprobedReceipt(mode, ''), lines, unprobed: null }
}
