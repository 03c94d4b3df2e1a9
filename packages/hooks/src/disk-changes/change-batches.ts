import { bytesToRead } from './content-to-read.ts'
import type { FileChange } from './files/compare-listings.ts'

const MAX_BATCH = 500

/** Splits changes into those that are read at one time: neither many files nor many bytes. */
export function* inBatches(changes: readonly FileChange[], sizeLimit: number): Generator<FileChange[]> {
  let batch: FileChange[] = []
  let bytes = 0
  for (const change of changes) {
    const size = Math.max(...[change.before, change.after].map((file) => bytesToRead(file, sizeLimit)))
    if (batch.length >= MAX_BATCH || (batch.length > 0 && bytes + size > sizeLimit)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(change)
    bytes += size
  }
  if (batch.length > 0) yield batch
}
