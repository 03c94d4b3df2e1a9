import { existsSync } from 'node:fs'
import { mkdir, readdir, rmdir, stat } from 'node:fs/promises'
import { type AnyEvent, type EvidenceWarning, messageOf, SeeError } from '@see/core'
import { type ConfinedResult, type ExceededBound, runConfined } from '../confinement/confined-command.ts'
import type { ClaimedName } from '../results/claimed-names.ts'
import { evidenceModes } from '../results/evidence-file.ts'
import type { EvidenceWriter } from '../results/evidence-writer.ts'
import { filesIn } from './yara-files.ts'
import type { Evidence } from './processing.ts'

const MIB = 1024 * 1024
/** Files of a program's that the manifest names. */
const MOST_OUTPUT = 1000

/**
 * What `<identifier>_<name>_<n>.json` holds; the output is in `.stdout` and `.stderr` beside it, files in the folder
 * `<identifier>_<name>_<n>`.
 */
export interface AnalysisRecord {
  event: string
  evidence: string
  command: readonly string[]
  status: 'running' | 'finished' | 'failed'
  exit_code: number | null
  /** The bound at which it was killed. */
  exceeded: ExceededBound | null
  started: string
  duration_ms: number | null
  error: string | null
  /** What the analysis lacks. */
  warnings: EvidenceWarning[]
}

interface AnalysisOptions {
  readonly writer: EvidenceWriter
  /** What the names of the result files have behind the environment's identifier; a number follows. */
  readonly name: string
  /** The event that started the processing. */
  readonly event: AnyEvent
  readonly evidence: Evidence
  /** `{path}` and `{output}` in it stand for the evidence and for the folder that may be written. */
  readonly command: readonly [string, ...string[]]
  readonly readable: readonly string[]
  readonly timeout: number
  readonly memory_limit: number
  readonly output_limit: number
  readonly signal: AbortSignal
  /** Says what an exit code means that the evidence lacks, and reports it. */
  readonly exitCodes?: {
    readonly warningOf: (exitCode: number) => EvidenceWarning | undefined
    readonly warn: (warning: EvidenceWarning) => void
  }
}

/**
 * Runs a tool over evidence, confined, and keeps what it says and writes.
 * @throws SeeError `TOOL_FAILED` when it exceeded a bound, or what `runConfined` throws; both are in the record
 */
export async function analyse(options: AnalysisOptions): Promise<void> {
  const { writer, event, evidence, signal } = options
  const name = claimName(writer, options.name)
  const output = name.base
  const of = name.path('json')
  const recordFile = writer.entry(of, { kind: 'analysis_record', event })
  await mkdir(output, { mode: evidenceModes.folder })
  const [program, ...rest] = options.command
  const fill = (word: string): string =>
    word.replaceAll('{path}', () => evidence.path).replaceAll('{output}', () => output)
  const command: [string, ...string[]] = [fill(program), ...rest.map(fill)]
  const record: AnalysisRecord = {
    event: evidence.event,
    evidence: evidence.path,
    command,
    status: 'running',
    exit_code: null,
    exceeded: null,
    started: new Date().toISOString(),
    duration_ms: null,
    error: null,
    warnings: [],
  }
  const text = (): string => `${JSON.stringify(record, undefined, 2)}\n`
  await recordFile.draft(text())
  try {
    const result = await runConfined(command, {
      readable: [evidence.path, ...options.readable],
      writable: output,
      timeoutMs: options.timeout * 1000,
      memoryBytes: options.memory_limit * MIB + (await sizeOf(evidence.path)),
      outputBytes: options.output_limit,
      signal,
    })
    record.exit_code = result.exitCode
    record.exceeded = result.exceeded
    record.duration_ms = result.durationMs
    const state = result.exceeded === null ? 'complete' : 'incomplete'
    for (const stream of ['stdout', 'stderr'] as const) {
      const facts = { kind: `analysis_${stream}`, event, of } as const
      await writer.entry(name.path(stream), facts).write(result[stream], state)
    }
    await register(output, { writer, event, of, state })
    assertWithinBounds(command, result)
    record.status = 'finished'
    const warning = options.exitCodes?.warningOf(result.exitCode ?? 0)
    if (warning !== undefined) {
      record.warnings.push(warning)
      options.exitCodes?.warn(warning)
    }
  } catch (error) {
    record.status = 'failed'
    record.error = messageOf(error)
    throw error
  } finally {
    await recordFile.write(text())
    if ((await readdir(output)).length === 0) await rmdir(output)
  }
}

/** @throws SeeError `TOOL_FAILED` */
export function assertWithinBounds(command: readonly string[], { exceeded }: ConfinedResult): void {
  if (exceeded === null) return
  const key = { time: 'timeout', memory: 'memory_limit', output: 'output_limit' }[exceeded]
  throw new SeeError(
    'TOOL_FAILED',
    `${command[0]} exceeded its ${key} and was killed; raise it if that was too little`,
  )
}

/** Size of the file, in bytes; 0 when it is missing: a missing file is reported when it is read. */
export async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}

/** Names the first record that is not there yet: an environment before may have had the same identifier. */
function claimName(writer: EvidenceWriter, name: string): ClaimedName {
  for (;;) {
    const claimed = writer.claim(name, { extensions: ['json', 'stdout', 'stderr'], alwaysNumbered: true })
    if (!existsSync(claimed.path('json')) && !existsSync(claimed.base)) return claimed
  }
}

interface Registration {
  readonly writer: EvidenceWriter
  readonly event: AnyEvent
  readonly of: string
  readonly state: 'complete' | 'incomplete'
}

/** Has the manifest name what a program wrote into its folder, up to a bound. */
async function register(folder: string, { writer, event, of, state }: Registration): Promise<void> {
  const { files } = await filesIn(folder)
  for (const path of files.slice(0, MOST_OUTPUT)) {
    writer.entry(path, { kind: 'analysis_output', event, of, isSilent: true }).endUnread(state)
  }
}
