import { mkdtemp, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import {
  type AnyEvent,
  type EvidenceWarning,
  evidenceWarning,
  SeeError,
  type TemporaryFolder,
  temporaryFolder,
  z,
} from '@see/core'
import { assertWithinBounds, sizeOf } from './analysis.ts'
import { assertConfinement, type ConfinedResult, runConfined } from '../confinement/confined-command.ts'
import type { EvidenceEntry } from '../results/evidence-entry.ts'
import { EvidenceWriter } from '../results/evidence-writer.ts'
import { type Evidence, ProcessingHook, processingKeys } from './processing.ts'
import { requireHookTool } from '../processes/required-tool.ts'
import { resultsKey } from '../results/results-key.ts'
import { boundKeys, paths } from './tool-settings.ts'
import { filesIn, filesOf, type FilesToScan, type SkippedFile } from './yara-files.ts'
import { parseYaraErrors, parseYaraOutput, type YaraMatch } from './yara-output.ts'
import { type CompiledRules, compileRules, externalVariables } from './yara-rules.ts'
import { cutWarnings, ruleWarnings, skippedWarnings } from './yara-warnings.ts'

const MIB = 1024 * 1024
/** Skipped files that the results name. */
const MOST_SKIPPED = 1000

const schema = z.object({
  results_folder: resultsKey('the results'),
  rules: paths
    .refine((files) => files.length > 0, 'expected at least one file of rules')
    .describe('The file or files with rules; they may include others that lie beside them.'),
  external_variables: externalVariables,
  scan_folder: z
    .string()
    .min(1)
    .optional()
    .describe('A folder whose files are also scanned, such as one into which dropped files were extracted.'),
  ...processingKeys,
  ...boundKeys,
})

/** Scans memory snapshots and dropped files by YARA, confined; writes `<identifier>_yara.json`. */
export class YaraHook extends ProcessingHook<typeof schema> {
  static override readonly schema = schema
  readonly #matches: YaraMatch[] = []
  readonly #scanned: string[] = []
  readonly #skipped: SkippedFile[] = []
  readonly #warnings: EvidenceWarning[] = []
  readonly #evidence = new EvidenceWriter(this)
  #results: EvidenceEntry | undefined
  #temporary: TemporaryFolder | undefined
  #rules: CompiledRules | undefined

  async setup(): Promise<void> {
    const { rules, external_variables: externals } = this.configuration
    await this.#evidence.open()
    await requireHookTool('yara')
    await assertConfinement(this.context.signal)
    this.#temporary = await temporaryFolder('see-yara-')
    this.#rules = await compileRules(
      { rules, externals },
      this.#temporary.path,
      (command, readable, writable) => this.#run(command, readable, 0, writable),
    )
    const { warnings } = this.#rules
    if (warnings !== '') this.logger.warn(`of the rules, yarac says: ${warnings.slice(0, 2000)}`)
    this.listen(this.configuration)
  }

  override async cleanup(): Promise<void> {
    await super.cleanup()
    await this.#temporary?.[Symbol.asyncDispose]()
  }

  protected async process(evidence: readonly Evidence[], event: AnyEvent): Promise<void> {
    const { scan_folder } = this.configuration
    this.#results ??= this.#evidence.entry(
      this.#evidence.claim('yara', { extensions: ['json'] }).path('json'),
      { kind: 'yara_matches', event },
    )
    const readable = evidence.map(({ path }) => resolve(path))
    const found: FilesToScan[] = []
    for (const each of evidence) found.push(await filesOf(each))
    if (scan_folder !== undefined) {
      readable.push(resolve(scan_folder))
      found.push(await filesIn(resolve(scan_folder)))
    }
    const files = found.flatMap((each) => each.files)
    this.#skip(found.flatMap(({ skipped }) => skipped))
    if (readable.length === 0) this.#warn(nothingToScan)
    // The results must also show that nothing was scanned.
    if (files.length === 0) return await this.#writeResults()
    await this.#scan(files, readable)
    this.logger.info({ matches: this.#matches.length }, 'scanned by YARA')
  }

  async #scan(files: readonly string[], readable: readonly string[]): Promise<void> {
    if (this.#rules === undefined || this.#temporary === undefined) {
      throw new Error('the rules are compiled at set-up')
    }
    const { path, fileOf } = this.#rules
    // A file's own name may be made to look like YARA's output: it gets numbers.
    const aliases = await mkdtemp(join(this.#temporary.path, 'files-'))
    await Promise.all(files.map((file, index) => symlink(file, join(aliases, String(index)))))
    await writeFile(join(aliases, 'list'), files.map((_file, index) => `${index}\n`).join(''))
    const sizes = await Promise.all(files.map(sizeOf))
    // With its warnings: they are all that is said of rules whose strings match too often.
    const script = 'cd "$1" && exec yara -C -e -s -p 1 --scan-list "$2" list'
    const command = ['sh', '-c', script, 'sh', aliases, path] as const
    const result = await this.#run(command, [...readable, aliases, path], Math.max(...sizes))
    const matches = parseYaraOutput(result.stdout.toString(), files, fileOf)
    const complaints = parseYaraErrors(result.stderr.toString(), files)
    this.#matches.push(...matches)
    const isComplete = result.exitCode === 0
    const skipped = isComplete ? complaints.files : files.map((file) => ({ file, why: NOT_ENDED }))
    const unscanned = new Set(skipped.map(({ file }) => file))
    this.#scanned.push(...files.filter((file) => !unscanned.has(file)))
    this.#skip(skipped)
    this.#warn(...ruleWarnings(complaints, files), ...cutWarnings(matches))
    await this.#writeResults()
    assertWithinBounds(['yara'], result)
    if (isComplete && complaints.other.length === 0) return
    const said = result.stderr.toString().trim().slice(0, 1000)
    throw new SeeError('TOOL_FAILED', `yara exited with ${result.exitCode}: ${said}`)
  }

  #skip(skipped: readonly SkippedFile[]): void {
    this.#skipped.push(...skipped.slice(0, MOST_SKIPPED - this.#skipped.length))
    this.#warn(...skippedWarnings(skipped))
  }

  #warn(...warnings: readonly EvidenceWarning[]): void {
    this.#warnings.push(...warnings)
    this.warnOf(warnings)
  }

  #run(
    command: readonly [string, ...string[]],
    readable: readonly string[],
    evidenceBytes: number,
    writable?: string,
  ): Promise<ConfinedResult> {
    const { timeout, memory_limit, output_limit } = this.configuration
    return runConfined(command, {
      readable,
      ...(writable === undefined ? {} : { writable }),
      timeoutMs: timeout * 1000,
      memoryBytes: memory_limit * MIB + evidenceBytes,
      outputBytes: output_limit,
      signal: this.context.signal,
    })
  }

  async #writeResults(): Promise<void> {
    const results = {
      scanned: this.#scanned,
      skipped: this.#skipped,
      matches: this.#matches,
      warnings: this.#warnings,
    }
    await this.#results?.write(
      `${JSON.stringify(results, undefined, 2)}\n`,
      this.#warnings.length === 0 ? 'complete' : 'incomplete',
    )
  }
}

const NOT_ENDED = 'the scan did not come to its end; matches found by then are kept'

const nothingToScan = evidenceWarning(
  'EVIDENCE_ABSENT',
  'YARA matches',
  'there was neither a memory snapshot nor a folder to scan',
)
