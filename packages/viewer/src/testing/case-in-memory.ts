import { createHash } from 'node:crypto'
import type { EvidenceSource, Manifest, ManifestFile } from '@see/evidence'

export const IDENTIFIER = '00000000-0000-4000-8000-00000000000a'
/** When its timeline begins. */
export const STARTED = Date.UTC(2026, 10, 28, 12)

type Facts = Partial<ManifestFile>

/** A results folder of version 2 in memory, whose manifest is made as files are added. */
export class CaseInMemory implements EvidenceSource {
  readonly files = new Map<string, Uint8Array>()
  readonly #entries: ManifestFile[] = []
  complete = true

  /** Adds a file of evidence; an object is written as JSON, and a list as lines of JSON. */
  add(kind: ManifestFile['kind'], path: string, content: unknown, facts: Facts = {}): this {
    const bytes = bytesOf(content)
    this.files.set(path, bytes)
    this.#entries.push({
      kind,
      path,
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      media_type: 'application/octet-stream',
      event: null,
      from: STARTED + 1000,
      to: STARTED + 2000,
      writer: 'TestHook',
      state: 'complete',
      ...facts,
    })
    return this
  }

  list(): Promise<{ path: string; bytes: number }[]> {
    const files = Array.from(this.files, ([path, { length }]) => ({ path, bytes: length }))
    return Promise.resolve([...files, { path: 'manifest.json', bytes: this.#manifest().length }])
  }

  read(path: string, mostBytes: number): Promise<Uint8Array | undefined> {
    const bytes = path === 'manifest.json' ? this.#manifest() : this.files.get(path)
    return Promise.resolve(bytes?.subarray(0, mostBytes))
  }

  #manifest(): Uint8Array {
    const manifest: Manifest = {
      format: 'see-evidence',
      version: 2,
      identifier: IDENTIFIER,
      created: new Date(STARTED).toISOString(),
      complete: this.complete,
      files: this.#entries,
    }
    return bytesOf(manifest)
  }
}

function bytesOf(content: unknown): Uint8Array {
  if (content instanceof Uint8Array) return content
  if (typeof content === 'string') return new TextEncoder().encode(content)
  const text = Array.isArray(content)
    ? content.map((line) => `${JSON.stringify(line)}\n`).join('')
    : JSON.stringify(content)
  return new TextEncoder().encode(text)
}
