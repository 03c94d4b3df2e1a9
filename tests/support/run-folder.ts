import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  export interface ProvidedContext {
    /** A folder for what the files of a run share. It is gone when the run ends. */
    runFolder: string
  }
}

const OWNED = /^see-test-run-(\d+)-/
/** A run that goes on may be one whose processes are not visible from here. */
const OLD_MS = 3_600_000

/** Makes the folder of a run, and removes what runs have left that were killed. */
export default function setUp({ provide }: TestProject): () => void {
  for (const name of readdirSync(tmpdir())) {
    const [, owner] = OWNED.exec(name) ?? []
    if (owner !== undefined && !existsSync(`/proc/${owner}`)) removeIfOld(join(tmpdir(), name))
  }
  const folder = mkdtempSync(join(tmpdir(), `see-test-run-${process.pid}-`))
  // Each guest runs as a user of its own.
  chmodSync(folder, 0o755)
  provide('runFolder', folder)
  return () => rmSync(folder, { recursive: true })
}

function removeIfOld(folder: string): void {
  try {
    if (Date.now() - statSync(folder).mtimeMs > OLD_MS) rmSync(folder, { recursive: true })
  } catch {
    // Another user's.
  }
}
