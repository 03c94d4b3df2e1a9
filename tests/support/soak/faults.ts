import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ContextFactory, Environment, Hook, SeeError } from '@see/core'
import type { SeededRandom } from './random.ts'

/** What goes wrong in a case; half of them go well. */
export const faults = [
  'none',
  'none',
  'none',
  'none',
  'none',
  'none',
  'the allocation is aborted',
  'the power-on is aborted',
  'a hook cannot be set up',
  'a handler throws',
  'a handler hangs',
  'a clean-up throws',
  'the guest is killed',
  'the guest is paused and forgotten',
] as const
export type Fault = (typeof faults)[number]

/** Longer than an allocation takes, so that a fault hits any moment of it, or none. */
const ALLOCATION_MS = 40
const POWER_ON_MS = 400
const HANDLERS_MS = 200
const AGENT_MS = 60_000

class Injected extends Error {}

class FaultyHook extends Hook {
  async setup(): Promise<void> {
    const fault = String(this.configuration['fault'])
    if (fault === 'a hook cannot be set up') throw new Injected(fault)
    if (fault === 'a handler throws') {
      this.context.subscribe('post_poweron', () => {
        throw new Injected(fault)
      })
    }
    if (fault === 'a handler hangs') {
      this.context.subscribeAsync('pre_poweron', () => new Promise(() => undefined))
    }
  }

  override cleanup(): void {
    const fault = String(this.configuration['fault'])
    if (fault === 'a clean-up throws') throw new Injected(fault)
  }
}

/**
 * One case from nothing to nothing: powered on, asked for an answer, and taken away, with a fault in it.
 * @returns its identifier
 * @throws whatever is not of the fault
 */
export async function soakCase(factory: ContextFactory, fault: Fault, random: SeededRandom): Promise<string> {
  const identifier = crypto.randomUUID()
  const aborting = new AbortController()
  const expected = new Injected(fault)
  const abortAfter = (ms: number): void => void setTimeout(() => aborting.abort(expected), random.below(ms))
  if (fault === 'the allocation is aborted') abortAfter(ALLOCATION_MS)
  try {
    const hooks = { hooks: [{ hook: FaultyHook, configuration: { fault } }] } as const
    const environment = await Environment.allocate(factory, hooks, {
      identifier,
      signal: aborting.signal,
      handlersTimeoutMs: HANDLERS_MS,
    })
    try {
      if (fault === 'the power-on is aborted') abortAfter(POWER_ON_MS)
      await carryOut(environment, fault, random, aborting.signal)
    } finally {
      await environment.deallocate()
    }
  } catch (error) {
    if (!isOf(fault, error)) throw error
  }
  return identifier
}

async function carryOut(
  { context, identifier }: Environment,
  fault: Fault,
  random: SeededRandom,
  signal: AbortSignal,
): Promise<void> {
  await context.poweron({}, { signal })
  if (fault === 'the guest is killed') {
    await sleep(random.below(POWER_ON_MS))
    killGuest(identifier)
    return
  }
  if (fault === 'the guest is paused and forgotten') {
    await context.pause()
    return
  }
  await context.agent.waitUntilReady({ timeoutMs: AGENT_MS })
  const { stdout } = await context.agent.exec(['echo', 'alive'])
  if (stdout.toString() !== 'alive\n') throw new Error(`the guest answered ${stdout.toString()}`)
}

/** The processes of the host that run the guest, whose command lines name it. */
function killGuest(identifier: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (Number(pid) === process.pid || !isGuest(pid, identifier)) continue
    try {
      process.kill(Number(pid), 'SIGKILL')
    } catch {
      // It has ended meanwhile.
    }
  }
}

function isGuest(pid: string, identifier: string): boolean {
  try {
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    return /^[^\0]*(?:qemu-system|libvirt_lxc)/.test(commandLine) && commandLine.includes(identifier)
  } catch {
    return false
  }
}

function isOf(fault: Fault, error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every((each) => isOf(fault, each))
  if (error instanceof Injected) return true
  if (!(error instanceof SeeError)) return false
  if (fault === 'a handler hangs') return error.code === 'HANDLERS_TIMEOUT'
  return error.cause !== undefined && isOf(fault, error.cause)
}

/** The descriptors of this process, and the processes that it has started. */
export function held(): { readonly descriptors: number; readonly children: number } {
  const children = execFileSync('ps', ['--ppid', String(process.pid), '-o', 'comm='], { encoding: 'utf8' })
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    children: children.split('\n').filter((name) => name !== '' && name !== 'ps').length,
  }
}
