import { mkdir, open, readdir, rmdir, stat } from 'node:fs/promises'
import { type EvidenceWarning, messageOf, SeeError } from '@see/core'
import { type ConfinedResult, type ExceededBound, runConfined } from '../confinement/confined-command.ts'
import { evidenceModes, resultsLost, writeEvidence } from '../results/evidence-file.ts'
import type { Evidence } from './processing.ts'

const MIB = 1024 * 1024

/** What `<base>_<n>.json` holds; the output is in `.stdout` and `.stderr` beside it, files in the folder `<base>_<n>`. */
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
  /** Folder and beginning of the result files' names; a number follows. */
  readonly base: string
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
  const { evidence, signal } = options
  const base = await claimName(options.base)
  const output = base
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
  const write = (): Promise<void> =>
    writeEvidence(`${base}.json`, `${JSON.stringify(record, undefined, 2)}\n`)
  await write()
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
    await writeEvidence(`${base}.stdout`, result.stdout)
    await writeEvidence(`${base}.stderr`, result.stderr)
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
    await write()
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

/** Makes the first record that is not there yet: several hooks may use one folder. */
async function claimName(base: string): Promise<string> {
  for (let number = 1; ; number++) {
    try {
      await using _ = await open(`${base}_${number}.json`, 'wx', evidenceModes.file)
      return `${base}_${number}`
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') continue
      throw resultsLost(`${base}_${number}.json`, error)
    }
  }
}
