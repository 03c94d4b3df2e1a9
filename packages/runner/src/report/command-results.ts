import { basename, dirname, join, resolve } from 'node:path'
import { type CommandRecord, type EvidenceSource, type ManifestFile, parseEvidence } from '@see/evidence'
import { folderSource } from './folder-source.ts'
import { storedManifest } from './stored-manifest.ts'

/** What is shown of each output stream; the files hold more. */
const SHOWN_BYTES = 4096
/** The longest record that is read. */
const RECORD_BYTES = 16 * 1024 * 1024

/** A command that was run in the guest: its record, and how its output begins. */
export type CommandResult = ReturnType<typeof shownOf> & {
  /** Path of the record on this host. */
  readonly record: string
  readonly stdout: string
  readonly stderr: string
}

/** Where evidence of a case is. */
interface Results {
  /** The folder of the case. */
  readonly folder: string
  readonly identifier: string
}

/**
 * What came of the commands that were run in the guest, in their order: those whose records the manifest in the folder of the
 * case names, then those that finished and have theirs elsewhere; output is known where a manifest names it. A record that
 * cannot be read, for example a truncated one, is left out.
 * @param finished paths of records
 */
export async function commandResults(
  { folder, identifier }: Results,
  finished: readonly string[],
): Promise<CommandResult[]> {
  const paths = finished.map((path) => resolve(path))
  const elsewhere = new Set(paths.map((path) => dirname(path)).filter((each) => each !== folder))
  const results = await resultsIn(folder, identifier)
  for (const each of elsewhere) {
    const found = await resultsIn(each, identifier)
    results.push(...found.filter(({ record }) => paths.includes(record)))
  }
  const known = new Set(results.map(({ record }) => record))
  const unlisted = [...new Set(paths)].filter((path) => !known.has(path))
  return [...results, ...(await readable(unlisted.map((path) => unlistedResult(path))))]
}

/** The record of a hook that fires `command_finished` and writes no manifest. */
function unlistedResult(path: string): Promise<CommandResult | undefined> {
  const folder = dirname(path)
  return resultOf({ folder, source: folderSource(folder), files: [] }, basename(path))
}

async function readable(results: readonly Promise<CommandResult | undefined>[]): Promise<CommandResult[]> {
  const read = await Promise.all(results.map((result) => result.catch(() => undefined)))
  return read.filter((result) => result !== undefined)
}

async function resultsIn(folder: string, identifier: string): Promise<CommandResult[]> {
  const manifest = await storedManifest(folder, identifier).catch(() => undefined)
  const files = manifest?.files ?? []
  const source = folderSource(folder)
  const records = files.filter(({ kind }) => kind === 'command_record')
  return await readable(records.map(({ path }) => resultOf({ folder, source, files }, path)))
}

interface Folder {
  readonly folder: string
  readonly source: EvidenceSource
  readonly files: readonly ManifestFile[]
}

async function resultOf({ folder, source, files }: Folder, path: string): Promise<CommandResult | undefined> {
  const bytes = await source.read(path, RECORD_BYTES)
  if (bytes === undefined) return undefined
  const { value } = parseEvidence('command_record', bytes, path)
  const outputs = files.filter(({ of }) => of === path)
  return {
    record: join(folder, path),
    ...shownOf(value),
    stdout: await beginning(
      source,
      outputs.find(({ kind }) => kind === 'command_stdout'),
    ),
    stderr: await beginning(
      source,
      outputs.find(({ kind }) => kind === 'command_stderr'),
    ),
  }
}

function shownOf({
  event,
  status,
  command,
  sample,
  exit_code,
  signal,
  duration_ms,
  truncated,
  error,
}: CommandRecord) {
  return { event, status, command, sample, exit_code, signal, duration_ms, truncated, error }
}

/** Empty for a command without output, or one that never came to its end. */
async function beginning(source: EvidenceSource, file: ManifestFile | undefined): Promise<string> {
  const bytes = file === undefined ? undefined : await source.read(file.path, SHOWN_BYTES + 1)
  if (file === undefined || bytes === undefined) return ''
  const shown = Buffer.from(bytes.subarray(0, SHOWN_BYTES)).toString()
  return bytes.length > SHOWN_BYTES ? `${shown}\n… (more in ${basename(file.path)})` : shown
}
