import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

let scratch: string | undefined

/** A folder for what is measured, open to QEMU's user; made when it is first asked for, and gone when the process is. */
export function scratchFolder(): string {
  if (scratch !== undefined) return scratch
  const made = mkdtempSync(join(tmpdir(), 'see-bench-'))
  process.once('exit', () => rmSync(made, { recursive: true, force: true }))
  chmodSync(made, 0o755)
  scratch = made
  return made
}
