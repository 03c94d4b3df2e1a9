import { open, opendir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { messageOf, SeeError } from '@see/core'
import { isFolder } from '../results/is-folder.ts'
import type { Evidence } from './processing.ts'

/** Files of one folder that are scanned; who wrote it may have written any number. */
const MOST_FILES = 10_000
const MOST_ENTRIES = 100_000

export interface SkippedFile {
  readonly file: string
  readonly why: string
}

/** What to scan, and what not. */
export interface FilesToScan {
  readonly files: string[]
  readonly skipped: SkippedFile[]
}

/** A file itself, or the files in a folder. @throws SeeError `EVIDENCE_UNSUPPORTED` or `FILE_UNREADABLE` */
export async function filesOf(evidence: Evidence): Promise<FilesToScan> {
  const path = resolve(evidence.path)
  if (await isFolder(path)) return await filesIn(path)
  await assertScannable(evidence)
  return { files: [path], skipped: [] }
}

/**
 * The regular files in a folder and those in it, up to a bound. Links lead out of it and are left alone.
 * @throws SeeError `FILE_UNREADABLE`
 */
export async function filesIn(folder: string): Promise<FilesToScan> {
  const found: FilesToScan = { files: [], skipped: [] }
  const folders = [folder]
  let entries = 0
  try {
    for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
      for await (const entry of await opendir(next)) {
        const file = join(next, entry.name)
        if (++entries > MOST_ENTRIES) return cut(found, folder, `more than ${MOST_ENTRIES} entries`)
        if (entry.isDirectory()) folders.push(file)
        else if (!entry.isFile()) {
          found.skipped.push({ file, why: entry.isSymbolicLink() ? 'it is a link' : 'it is no regular file' })
        } else if (found.files.length < MOST_FILES) found.files.push(file)
        else return cut(found, folder, `more than ${MOST_FILES} files`)
      }
    }
  } catch (error) {
    throw new SeeError('FILE_UNREADABLE', `cannot scan ${folder}: ${messageOf(error)}`, { cause: error })
  }
  found.files.sort()
  return found
}

function cut(found: FilesToScan, folder: string, what: string): FilesToScan {
  found.skipped.push({ file: folder, why: `it holds ${what}; the rest is not scanned` })
  return found
}

/** What is compressed has none of the bytes that rules look for, and would be found clean. */
async function assertScannable({ path, event }: Evidence): Promise<void> {
  const start = await firstBytes(path)
  const isKdump = start.startsWith('makedumpfile') || start.startsWith('KDUMP')
  if (!isKdump && (event !== 'memory_snapshot_taken' || start.startsWith('\x7fELF'))) return
  throw new SeeError(
    'EVIDENCE_UNSUPPORTED',
    `YARA finds nothing in ${path}: it is ${isKdump ? 'a compressed memory snapshot' : 'no ELF file'}; leave compress_snapshots of MemoryHook off`,
  )
}

async function firstBytes(path: string): Promise<string> {
  try {
    await using file = await open(path)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(12), 0, 12, 0)
    return buffer.toString('latin1', 0, bytesRead)
  } catch (error) {
    throw new SeeError('FILE_UNREADABLE', `cannot read ${path}: ${messageOf(error)}`, { cause: error })
  }
}
