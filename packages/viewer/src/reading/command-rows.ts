import type { CommandRecord } from '@see/evidence'
import type { CommandNote, CommandRow, ShownText } from '../model/rows.ts'
import type { CaseFiles, ListedEntry } from './case-files.ts'

/** Output of one stream that is in the page, in bytes. */
const OUTPUT_BYTES = 64 * 1024

/** Commands and samples with how their output begins. */
export async function commandRows(files: CaseFiles): Promise<CommandRow[]> {
  const { clock, bounds } = files
  const rows: CommandRow[] = []
  for (const { value, file, entry } of bounds.rows('commands', files.of('command_record'))) {
    const outputs = files.belongingTo(entry.path)
    const t = clock.ofIso(value.started) ?? clock.ofEpoch(entry.from)
    rows.push({
      t,
      end: value.duration_ms === null ? null : clock.at(t + value.duration_ms),
      file,
      what: bounds.field(value.command ?? value.sample ?? value.event),
      isSample: value.sample !== null,
      status: value.status,
      outcome: bounds.field(outcomeOf(value)),
      failed: value.status === 'failed' || value.error !== null,
      notes: notesOf(value).map(({ label, text }) => ({ label, text: bounds.field(text) })),
      stdout: await outputOf(files, outputs, 'command_stdout'),
      stderr: await outputOf(files, outputs, 'command_stderr'),
    })
  }
  return rows
}

async function outputOf(
  { source, bounds }: CaseFiles,
  outputs: readonly ListedEntry[],
  kind: 'command_stdout' | 'command_stderr',
): Promise<ShownText | null> {
  const output = outputs.find(({ entry }) => entry.kind === kind)
  if (output === undefined) return null
  const bytes = await source.read(output.entry.path, OUTPUT_BYTES)
  if (bytes === undefined) return null
  return bounds.text(bytes, output.entry.bytes ?? bytes.length, OUTPUT_BYTES)
}

function outcomeOf({ status, exit_code: exitCode, signal, error }: CommandRecord): string {
  if (error !== null) return error
  if (status !== 'finished') return status === 'running' ? 'did not end' : status
  if (signal !== null) return `ended by signal ${signal}`
  return exitCode === null ? 'ended; its exit code is not known' : `exit code ${exitCode}`
}

function notesOf({
  truncated,
  lost,
  output_open: open,
  guest_path: path,
  sha256,
}: CommandRecord): CommandNote[] {
  return [
    ...(path === null ? [] : [{ label: 'in the guest', text: path }]),
    ...(sha256 === null ? [] : [{ label: 'SHA-256', text: sha256 }]),
    ...(truncated ? [{ label: 'output', text: 'longer than is kept' }] : []),
    ...(lost === null ? [] : [{ label: 'lost', text: lost }]),
    ...(open ? [{ label: 'output', text: 'programs that it left running could print more' }] : []),
  ]
}
