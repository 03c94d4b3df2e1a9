import type { ConsoleRow } from '../model/rows.ts'
import type { CaseFiles } from './case-files.ts'

/** What of one console is in the page, in bytes. */
const CONSOLE_BYTES = 256 * 1024

/** What the guest wrote on its consoles; the bytes have no times of their own. */
export async function consoleRows(files: CaseFiles): Promise<ConsoleRow[]> {
  const { clock, bounds, source } = files
  const rows: ConsoleRow[] = []
  for (const { entry, file } of bounds.rows('consoles', files.entriesOf('console'), 100)) {
    const bytes = await source.read(entry.path, CONSOLE_BYTES)
    if (bytes === undefined) continue
    rows.push({
      t: clock.ofEpoch(entry.from),
      end: entry.to === null ? null : clock.ofEpoch(entry.to),
      file,
      name: bounds.field(entry.path),
      text: bounds.text(bytes, entry.bytes ?? bytes.length, CONSOLE_BYTES),
    })
  }
  return rows
}
