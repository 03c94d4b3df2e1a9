import { open, readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { z } from '@see/core'
import type { EvidenceFile } from './evidence-folder.ts'

/** What is shown of each output stream; the files hold more. */
const SHOWN_BYTES = 4096

const record = z.object({
  event: z.string(),
  status: z.string(),
  command: z.string().nullable(),
  sample: z.string().nullable(),
  exit_code: z.number().nullable(),
  signal: z.number().nullable(),
  duration_ms: z.number().nullable(),
  truncated: z.boolean(),
  error: z.string().nullable(),
})

/** A command that was run in the guest: its record, and how its output begins. */
export type CommandResult = z.output<typeof record> & {
  /** Path of the record on this host. */
  readonly record: string
  readonly stdout: string
  readonly stderr: string
}

/**
 * The results of the commands that were run in the guest, in their order: those whose records are in the evidence
 * folder, then those that finished and have theirs elsewhere. A record that cannot be read, for example a truncated
 * one, is left out.
 */
export async function commandResults(
  folder: string,
  files: readonly EvidenceFile[],
  finished: readonly string[],
): Promise<CommandResult[]> {
  const numbered = files
    .map(({ path }) => ({ path, number: /^[^/]+_command_(\d+)\.json$/.exec(path)?.[1] }))
    .filter(({ number }) => number !== undefined)
    .toSorted((a, b) => Number(a.number) - Number(b.number))
  const inFolder = numbered.map(({ path }) => join(folder, path))
  const paths = new Set([...inFolder, ...finished.map((path) => resolve(path))])
  const results = await Promise.all(Array.from(paths, (path) => resultOf(path).catch(() => undefined)))
  return results.filter((result) => result !== undefined)
}

async function resultOf(path: string): Promise<CommandResult> {
  const base = path.replace(/\.json$/, '')
  return {
    record: path,
    ...record.parse(JSON.parse(await readFile(path, 'utf8'))),
    stdout: await beginning(`${base}.stdout`),
    stderr: await beginning(`${base}.stderr`),
  }
}

/** Empty for a command without output, or one that never came to its end. */
async function beginning(path: string): Promise<string> {
  try {
    await using file = await open(path)
    const buffer = Buffer.alloc(SHOWN_BYTES)
    const { bytesRead } = await file.read(buffer)
    const more = (await file.stat()).size > bytesRead ? `\n… (more in ${basename(path)})` : ''
    return `${buffer.toString('utf8', 0, bytesRead)}${more}`
  } catch {
    return ''
  }
}
