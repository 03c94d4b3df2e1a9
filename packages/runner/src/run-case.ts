import { randomUUID } from 'node:crypto'
import { Environment, GuestStore, SeeError } from '@see/core'
import { apart } from '@see/core/apart'
import { untilAborted } from '@see/core/until-aborted'
import { caseBoundsMs } from './case-bounds.ts'
import { CaseEnd } from './case-end.ts'
import { factoryOf, sampleOf } from './case-inputs.ts'
import type { CaseOptions } from './case-options.ts'
import { caseTimes } from './case-times.ts'
import { type Progress, silent } from './progress.ts'
import { EvidenceFolder } from './report/evidence-folder.ts'
import type { ExitCode } from './report/exit-codes.ts'
import { Outcome } from './report/outcome.ts'
import type { RunReport } from './report/run-report.ts'
import { writeReport } from './report/write-report.ts'
import { loadProtocol } from './protocol/load-protocol.ts'
import { stockHooks } from './stock-hooks.ts'

/** What came of a case. */
export interface CaseOutcome {
  /** The class of what failed, which is what `see run` exits with; 0 where nothing did. */
  readonly exitCode: ExitCode
  /** What `run.json` holds. */
  readonly report: RunReport
  /** What made the case fail, if anything did. */
  readonly error: unknown
}

/**
 * Runs one case, from its configuration to its evidence: allocates the sandbox, has the protocol drive it, takes it away
 * and writes `run.json`. What goes wrong is in the outcome, not thrown.
 */
export async function runCase(options: CaseOptions): Promise<CaseOutcome> {
  const { identifier = randomUUID(), progress = silent } = options
  using end = new CaseEnd(caseTimes(options).deadlineMs, options.signal)
  const outcome = new Outcome(end.signal)
  try {
    await carryOut(options, { identifier, end, progress, outcome })
  } catch (error) {
    outcome.fail(error)
  }
  for (const error of options.laterErrors ?? []) outcome.fail(error)
  progress.end(outcome.error === undefined)
  const report = await writeReport(outcome, { identifier, mode: options.resultsMode ?? 0o600 })
  return { exitCode: outcome.exitCode, report, error: outcome.error }
}

interface RunningCase {
  readonly identifier: string
  readonly end: CaseEnd
  readonly progress: Progress
  readonly outcome: Outcome
}

async function carryOut(
  options: CaseOptions,
  { identifier, end, progress, outcome }: RunningCase,
): Promise<void> {
  const { signal } = end
  progress.step(`run ${identifier}: checking what is given`)
  const { guest, tinyGuest, hurry, logger } = options
  const protocol = await untilAborted(loadProtocol(options.protocol), signal, { graceMs: 0 })
  const built = guest === undefined ? undefined : await new GuestStore().open(guest)
  await using sample = await sampleOf(options, { built, signal, progress })
  outcome.sample = sample?.report
  const makeContext = await factoryOf(options, { built, tinyGuest, signal, progress })
  outcome.evidence = await EvidenceFolder.create(options.results ?? 'results', identifier)
  progress.step('allocating the sandbox')
  const environment = await Environment.allocate(makeContext, stockHooks(options, outcome.evidence.path), {
    identifier,
    signal,
    deadlineMs: end.leftMs,
    ...(hurry === undefined ? {} : { hurry }),
    ...(logger === undefined ? {} : { logger }),
    // The default protocol's are.
    firesDeclaredOnly: options.protocol === undefined,
  })
  const { context } = environment
  outcome.context = context
  end.follow(context.signal)
  options.watchdog?.follow(context)
  context.observe({
    eventHandled: ({ event }) => {
      outcome.events++
      if (event.name === 'command_finished' && 'path' in event) outcome.records.push(String(event.path))
    },
  })
  try {
    signal.throwIfAborted()
    const { command } = options
    const { runtimeMs, timeoutMs, shutdownTimeoutMs } = caseTimes(options)
    const parameters = {
      ...sample?.parameters,
      ...(command === undefined ? {} : { command }),
      runtimeMs,
      timeoutMs,
      shutdownTimeoutMs,
      signal,
      progress: progress.step,
    }
    await untilAborted(
      apart(() => protocol(context, parameters)),
      signal,
      { graceMs, hurry },
    )
  } catch (error) {
    outcome.fail(error)
  }
  progress.step('taking the sandbox away')
  await environment.deallocate()
}

function graceMs(reason: unknown): number {
  const isLate = reason instanceof SeeError && reason.code === 'DEADLINE_REACHED'
  return isLate ? caseBoundsMs.lateProtocolGrace : caseBoundsMs.protocolGrace
}
