import { mkdtemp, open, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { messageOf, SeeError, z } from '@see/core'
import { assertWithinBounds, sizeOf } from './analysis.ts'
import { assertConfinement, type ConfinedResult, runConfined } from './confined-command.ts'
import { writeEvidence } from './evidence-file.ts'
import { isFolder } from './is-folder.ts'
import { type Evidence, ProcessingHook, processingKeys } from './processing.ts'
import { requireTool } from './required-tool.ts'
import { prepareResultsFolder } from './results-folder.ts'
import { boundKeys, paths } from './tool-settings.ts'
import { parseYaraOutput, type YaraMatch } from './yara-output.ts'

const MIB = 1024 * 1024
/** More than that nobody looks at. */
const MAX_FILES = 10_000

const schema = z.object({
  results_folder: z.string().min(1).describe('The folder for the results; made when it is missing.'),
  rules: paths
    .refine((files) => files.length > 0, 'expected at least one file of rules')
    .describe('The file or files with rules; they may include others that lie beside them.'),
  scan_folder: z
    .string()
    .min(1)
    .optional()
    .describe('A folder whose files are scanned, too, such as one into which dropped files were extracted.'),
  ...processingKeys,
  ...boundKeys,
})

/** Scans memory snapshots and dropped files by YARA, confined; writes `<identifier>_yara.json`. */
export class YaraHook extends ProcessingHook<typeof schema> {
  static override readonly schema = schema
  readonly #matches: YaraMatch[] = []
  readonly #scanned: string[] = []
  #folder = ''
  #temporary = ''
  #rules = ''

  async setup(): Promise<void> {
    this.#folder = await prepareResultsFolder(this.configuration.results_folder)
    await requireTool('yara', 'yara')
    await assertConfinement(this.context.signal)
    this.#temporary = await mkdtemp(join(tmpdir(), 'see-yara-'))
    await this.#compile()
    this.listen(this.configuration)
  }

  override async cleanup(): Promise<void> {
    if (this.#temporary !== '') await rm(this.#temporary, { recursive: true })
  }

  protected async process(evidence: readonly Evidence[]): Promise<void> {
    const { scan_folder } = this.configuration
    const readable = evidence.map(({ path }) => resolve(path))
    const files: string[] = []
    for (const each of evidence) files.push(...(await filesOf(each)))
    if (scan_folder !== undefined) {
      readable.push(resolve(scan_folder))
      files.push(...(await filesIn(resolve(scan_folder))))
    }
    // That nothing was scanned has to be seen, too.
    if (files.length === 0) return await this.#writeResults()
    await this.#scan(files, readable)
    this.logger.info({ matches: this.#matches.length }, 'scanned by YARA')
  }

  /** Says early what is wrong with the rules. */
  async #compile(): Promise<void> {
    const rules = this.configuration.rules.map((path) => resolve(path))
    // Rules may include others beside them.
    const readable = rules.map(dirname)
    const writable = await mkdtemp(join(this.#temporary, 'rules-'))
    this.#rules = join(writable, 'compiled')
    const result = await this.#run(['yarac', '-w', ...rules, this.#rules], readable, 0, writable)
    if (result.exitCode === 0) return
    throw new SeeError(
      'CONFIGURATION_INVALID',
      `the rules cannot be compiled: ${result.stderr.toString().trim().slice(0, 2000)}`,
    )
  }

  async #scan(files: readonly string[], readable: readonly string[]): Promise<void> {
    // A file's own name may be made to look like YARA's output: it is told numbers.
    const aliases = await mkdtemp(join(this.#temporary, 'files-'))
    await Promise.all(files.map((file, index) => symlink(file, join(aliases, String(index)))))
    await writeFile(join(aliases, 'list'), files.map((_file, index) => `${index}\n`).join(''))
    const sizes = await Promise.all(files.map(sizeOf))
    const script = 'cd "$1" && exec yara -C -s -w -p 1 --scan-list "$2" list'
    const command = ['sh', '-c', script, 'sh', aliases, this.#rules] as const
    const result = await this.#run(command, [...readable, aliases, this.#rules], Math.max(...sizes))
    this.#matches.push(...parseYaraOutput(result.stdout.toString(), files))
    this.#scanned.push(...files)
    await this.#writeResults()
    assertWithinBounds(['yara'], result)
    const said = result.stderr.toString().trim()
    if (result.exitCode === 0 && said === '') return
    throw new SeeError('TOOL_FAILED', `yara exited with ${result.exitCode}: ${said.slice(0, 1000)}`)
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
    const results = { scanned: this.#scanned, matches: this.#matches }
    const path = join(this.#folder, `${this.identifier}_yara.json`)
    await writeEvidence(path, `${JSON.stringify(results, undefined, 2)}\n`)
  }
}

/** A file itself, or the files in a folder. */
async function filesOf(evidence: Evidence): Promise<string[]> {
  const path = resolve(evidence.path)
  if (await isFolder(path)) return await filesIn(path)
  await assertScannable(evidence)
  return [path]
}

/** What is compressed has none of the bytes that rules look for, and would be found clean. */
async function assertScannable({ path, event }: Evidence): Promise<void> {
  const start = await firstBytes(path)
  const isKdump = start.startsWith('makedumpfile') || start.startsWith('KDUMP')
  if (!isKdump && (event !== 'memory_snapshot_taken' || start.startsWith('\x7fELF'))) return
  throw new SeeError(
    'EVIDENCE_UNSUPPORTED',
    `YARA finds nothing in ${path}: it is ${isKdump ? 'a compressed memory snapshot' : 'no ELF file'}; leave compress_snapshots of MemoryHook off`,
  )
}

async function firstBytes(path: string): Promise<string> {
  try {
    await using file = await open(path)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(12), 0, 12, 0)
    return buffer.toString('latin1', 0, bytesRead)
  } catch (error) {
    throw new SeeError('FILE_UNREADABLE', `cannot read ${path}: ${messageOf(error)}`, { cause: error })
  }
}

/** The regular files in a folder and those in it; links lead out of it and are left alone. */
async function filesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    if (files.length <= MAX_FILES) return files
    throw new Error(`it holds more than ${MAX_FILES} files`)
  } catch (error) {
    throw new SeeError('FILE_UNREADABLE', `cannot scan ${folder}: ${messageOf(error)}`, { cause: error })
  }
}
