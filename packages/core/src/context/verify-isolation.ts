import type { WaitOptions } from '../contract/wait-options.ts'
import type { ProbeTraffic } from '../isolation/probe-traffic.ts'
import type { IsolationReceipt } from '../isolation/receipt.ts'
import { interfacelessReceipt, unprobedReceipt } from '../isolation/untried.ts'
import type { Agent } from '../contract/agent.ts'
import type { IsolationPlan } from '../contract/isolation.ts'
import type { Resources } from '../contract/resources.ts'
import type { ReadyOptions } from '../readiness/ready-options.ts'
import type { Context } from './context.ts'

export interface VerifyIsolationOptions extends WaitOptions {
  /** How long to wait for the guest's agent, in milliseconds; not at all when not given. */
  readonly agentTimeoutMs?: number
}

interface VerifiedContext extends Context {
  readonly agent: Agent
  readonly resources: Pick<Resources, 'abilities' | 'isolationPlan'>
  ip4Address(): Promise<string | undefined>
  ready(options: ReadyOptions): Promise<unknown>
}

/** @throws SeeError `ISOLATION_BROKEN`; NotReadyError where the agent is waited for; the signal's reason */
export async function verifyIsolation(
  context: VerifiedContext,
  options: VerifyIsolationOptions,
): Promise<IsolationReceipt> {
  const receipt = await receiptOf(context, options)
  context.isolation = receipt
  const count = (verdict: string) => receipt.lines.filter((line) => line.verdict === verdict).length
  await context.trigger('isolation_verified', {
    mode: receipt.mode,
    mismatches: count('mismatch'),
    unproved: count('unproved'),
    duration_ms: receipt.durationMs,
    unprobed: receipt.unprobed,
  })
  if (count('mismatch') > 0) {
    const { assertIsolated } = await import('../isolation/verify-isolation.ts')
    assertIsolated(receipt)
  }
  return receipt
}

async function receiptOf(
  context: VerifiedContext,
  { agentTimeoutMs, ...options }: VerifyIsolationOptions,
): Promise<IsolationReceipt> {
  const plan = await context.resources.isolationPlan?.()
  if (plan === undefined) {
    return unprobedReceipt(null, 'nothing is known of the network: give it a mode')
  }
  if (!plan.hasInterface) return interfacelessReceipt(plan)
  const why = whyUnable(context)
  if (why !== undefined) return unprobedReceipt(plan.mode, why)
  if (agentTimeoutMs !== undefined) {
    const { signal } = options
    await context.ready({
      agent: true,
      timeoutMs: agentTimeoutMs,
      ...(signal === undefined ? {} : { signal }),
    })
  }
  return await probed(context, plan, options)
}

function whyUnable({ resources: { abilities }, otherAgent }: VerifiedContext): string | undefined {
  const { agent } = abilities
  if (agent?.own === undefined && agent?.channel === undefined)
    return 'the guest has no agent that runs programs'
  return otherAgent
}

async function probed(
  context: VerifiedContext,
  plan: IsolationPlan,
  options: WaitOptions,
): Promise<IsolationReceipt> {
  const { probeIsolation } = await import('../isolation/verify-isolation.ts')
  const { agent, signal } = context
  const address = await context.ip4Address().catch(() => undefined)
  const onTraffic = (traffic: ProbeTraffic): void => void context.probes.push(traffic)
  return await probeIsolation({ agent, signal, address, onTraffic }, plan, options)
}
