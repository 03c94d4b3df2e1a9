import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { EvidenceSource } from '../common/evidence-source.ts'

/** A results folder in memory, whose files tests change. */
export class FolderInMemory implements EvidenceSource {
  readonly files = new Map<string, Uint8Array>()

  /** A copy of a folder of this host. */
  static of(folder: string): FolderInMemory {
    const copy = new FolderInMemory()
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      if (entry.isFile()) copy.files.set(relative(folder, path), readFileSync(path))
    }
    return copy
  }

  write(path: string, content: string | object): void {
    const text = typeof content === 'string' ? content : JSON.stringify(content)
    this.files.set(path, new TextEncoder().encode(text))
  }

  list(): Promise<{ path: string; bytes: number }[]> {
    return Promise.resolve(Array.from(this.files, ([path, { length }]) => ({ path, bytes: length })))
  }

  read(path: string, mostBytes: number): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.files.get(path)?.subarray(0, mostBytes))
  }
}
