import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
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

/** Makes the folder of a run, and removes what runs have left that were killed. */
export default function setUp({ provide }: TestProject): () => void {
  for (const name of readdirSync(tmpdir())) {
    const [, owner] = OWNED.exec(name) ?? []
    if (owner !== undefined && !existsSync(`/proc/${owner}`)) removeIfOurs(join(tmpdir(), name))
  }
  const folder = mkdtempSync(join(tmpdir(), `see-test-run-${process.pid}-`))
  // Each guest runs as a user of its own.
  chmodSync(folder, 0o755)
  provide('runFolder', folder)
  return () => rmSync(folder, { recursive: true })
}

function removeIfOurs(folder: string): void {
  try {
    rmSync(folder, { recursive: true })
  } catch {
    // Another user's.
  }
}
