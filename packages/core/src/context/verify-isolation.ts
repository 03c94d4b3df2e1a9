import { SeeError } from '../common/errors.ts'
import type { WaitOptions } from '../contract/wait-options.ts'
import type { IsolationReceipt } from '../isolation/receipt.ts'
import { assertIsolated, probeIsolation } from '../isolation/verify-isolation.ts'
import type { Agent } from '../contract/agent.ts'
import type { IsolationPlan } from '../contract/isolation.ts'
import type { Context } from './context.ts'

interface VerifiedContext extends Context {
  readonly agent: Agent
  readonly resources: { isolationPlan?(): Promise<IsolationPlan | undefined> }
  isolation: IsolationReceipt | undefined
}

/** @throws SeeError `ABILITY_MISSING` or `ISOLATION_BROKEN`, or the signal's reason */
export async function verifyIsolation(
  context: VerifiedContext,
  options: WaitOptions,
): Promise<IsolationReceipt> {
  const plan = await context.resources.isolationPlan?.()
  if (plan === undefined) {
    throw new SeeError(
      'ABILITY_MISSING',
      'nothing is known of the network of this sandbox, so that its isolation cannot be verified; give it a network with a mode',
    )
  }
  const receipt = await probeIsolation(context, plan, options)
  context.isolation = receipt
  const mismatches = receipt.lines.filter(({ verdict }) => verdict === 'mismatch').length
  await context.trigger('isolation_verified', {
    mode: receipt.mode,
    mismatches,
    unproved: receipt.lines.filter(({ verdict }) => verdict === 'unproved').length,
    duration_ms: receipt.durationMs,
  })
  assertIsolated(receipt)
  return receipt
}
