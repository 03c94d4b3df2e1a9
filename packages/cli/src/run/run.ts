import { randomUUID } from 'node:crypto'
import { type BuiltGuest, type ContextFactory, Environment, GuestStore } from '@see/core'
import type { ExitCode } from '../report/exit-codes.ts'
import { Interruption } from '../terminal/interruption.ts'
import { type GivenSample, givenSample } from '../sample/given-sample.ts'
import { contentsOf, type GuestContents, tinyGuestContents } from '../sample/guest-contents.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { EvidenceFolder } from '../report/evidence-folder.ts'
import { loadProtocol } from '../protocol/load-protocol.ts'
import { Outcome } from '../report/outcome.ts'
import { createProgress } from '../terminal/create-progress.ts'
import type { Progress } from '../terminal/progress.ts'
import { reportRun } from './report-run.ts'
import { resourcesFactory } from './resources-factory.ts'
import { runHooks } from './run-hooks.ts'
import { createRunLog } from '../terminal/run-log.ts'
import type { RunOptions } from './run-options.ts'
import { buildTinyGuest, guestResources, type TinyGuest } from '../tiny-guest/tiny-guest.ts'
import { untilAborted } from './until-aborted.ts'

/** How long a protocol may take to stop when it is interrupted: a transition must not be cut in two. */
const PROTOCOL_GRACE_MS = 10_000

interface RunDependencies {
  readonly terminal: Terminal
  /** Makes the factory from the path of the resources' JSON file, which it reads and checks at once. */
  readonly factory?: (resources: string) => ContextFactory
  readonly tinyGuest?: TinyGuest
}

/** Carries out `see run`: what goes wrong is told to the user and in the exit code, not thrown. */
export async function run(
  options: RunOptions,
  { terminal, factory = resourcesFactory, tinyGuest = buildTinyGuest }: RunDependencies,
): Promise<ExitCode> {
  const identifier = randomUUID()
  const progress = await createProgress(terminal.error)
  using interruption = new Interruption(progress.note)
  const outcome = new Outcome(interruption.signal)
  try {
    await carryOut({
      options,
      identifier,
      factory,
      tinyGuest,
      progress,
      outcome,
      signal: interruption.signal,
      hurry: interruption.hurry,
    })
  } catch (error) {
    outcome.fail(error)
  }
  for (const error of interruption.laterErrors) outcome.fail(error)
  progress.end(outcome.error === undefined)
  await reportRun(outcome, { identifier, json: options.json, mode: options.resultsMode, terminal })
  return outcome.exitCode
}

interface Work {
  readonly options: RunOptions
  readonly identifier: string
  readonly factory: (resources: string) => ContextFactory
  readonly tinyGuest: TinyGuest
  readonly progress: Progress
  readonly outcome: Outcome
  readonly signal: AbortSignal
  /** Aborts when nothing of a hook or protocol is to be waited for any more. */
  readonly hurry: AbortSignal
}

async function carryOut({
  options,
  identifier,
  factory,
  tinyGuest,
  progress,
  outcome,
  signal,
  hurry,
}: Work): Promise<void> {
  const ofGuest = async () => {
    if (built !== undefined) return guestResources(built.folder, options.provider)
    progress.step('looking for the tiny guest')
    return guestResources(await tinyGuest({ signal, progress: progress.step }), options.provider)
  }
  progress.step(`run ${identifier}: checking what is given`)
  const protocol = await untilAborted(loadProtocol(options.protocol), signal, 0)
  const built = options.guest === undefined ? undefined : await new GuestStore().open(options.guest)
  await using given = await sampleOf(options, contentsFor(options, built), signal, progress)
  outcome.sample = given?.report
  const resources = options.resources ?? (await ofGuest())
  const makeContext = factory(resources)
  outcome.evidence = await EvidenceFolder.create(options.results, identifier)
  progress.step('allocating the sandbox')
  const environment = await Environment.allocate(makeContext, runHooks(options, outcome.evidence.path), {
    identifier,
    signal,
    hurry,
    logger: createRunLog(progress),
    // The default protocol's are.
    firesDeclaredOnly: options.protocol === undefined,
  })
  const { context } = environment
  outcome.context = context
  context.observe({
    eventHandled: ({ event }) => {
      outcome.events++
      if (event.name === 'command_finished' && 'path' in event) outcome.records.push(String(event.path))
    },
  })
  try {
    signal.throwIfAborted()
    const { command, runtimeMs, timeoutMs, shutdownTimeoutMs } = options
    const parameters = {
      ...given?.parameters,
      ...(command === undefined ? {} : { command }),
      runtimeMs,
      timeoutMs,
      shutdownTimeoutMs,
      signal,
      progress: progress.step,
    }
    await untilAborted(protocol(context, parameters), signal, PROTOCOL_GRACE_MS, hurry)
  } catch (error) {
    outcome.fail(error)
  }
  progress.step('taking the sandbox away')
  await environment.deallocate()
}

/** What is in the guest, where SEE built it. */
function contentsFor(
  { resources, guest = '' }: RunOptions,
  built: BuiltGuest | undefined,
): GuestContents | undefined {
  if (resources !== undefined) return undefined
  return built === undefined ? tinyGuestContents : contentsOf(built, guest)
}

async function sampleOf(
  { sample, words = [], unpack = true, resources: _ownGuest, ...rest }: RunOptions,
  guest: GuestContents | undefined,
  signal: AbortSignal,
  progress: Progress,
): Promise<GivenSample | undefined> {
  if (sample === undefined) return undefined
  const given = await givenSample(sample, {
    ...rest,
    words,
    unpack,
    guest,
    signal,
    progress: progress.step,
  })
  progress.note(`the sample: ${given.report.is}`)
  return given
}
