import { constants } from 'node:fs'
import { open, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { messageOf, SeeError } from '@see/core'
import type { ReportIndex } from '@see/viewer'

/** Has the title of every page. */
const HEAD_BYTES = 4096
/** Names that a run or its reader gives a meaning, whether or not there are such files. */
const EVIDENCE = /^(?:run\.json|(?:.*_)?manifest\.json)$/

/** The error for a page that cannot be where it should. */
function noPlace(path: string, why: string, cause?: unknown): SeeError {
  const message = `the page cannot be written to ${path}: ${why}; name another file with --out`
  return new SeeError('RESULTS_UNWRITABLE', message, { cause })
}

/**
 * The absolute path of a page, where a page can be.
 * @throws SeeError `RESULTS_UNWRITABLE` also for a file that is there and is no page
 */
export async function pagePlace(out: string): Promise<string> {
  const path = resolve(out)
  const folder = await stat(dirname(path)).catch((error: unknown) => {
    throw noPlace(path, messageOf(error), error)
  })
  if (!folder.isDirectory()) throw noPlace(path, `${dirname(path)} is not a folder`)
  const there = await stat(path).catch(() => undefined)
  if (there === undefined) return path
  if (!there.isFile()) throw noPlace(path, 'it is not a file')
  if (!(await isPage(path))) throw noPlace(path, 'there is a file that is no page of SEE')
  return path
}

/** @throws SeeError `RESULTS_UNWRITABLE` where the page would be in the place of evidence */
export async function refuseEvidence(path: string, folder: string, index: ReportIndex): Promise<void> {
  const place = relative(await realpath(folder), join(await realpath(dirname(path)), basename(path)))
  // Version 1 lists whatever is in the folder, its pages too.
  const listed = index.version === 2 && index.files.some((file) => file.path === place)
  if (listed || EVIDENCE.test(place)) throw noPlace(path, 'it is a file of the evidence')
}

async function isPage(path: string): Promise<boolean> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    const head = buffer.toString('utf8', 0, bytesRead)
    return head.startsWith('<!doctype html>') && head.includes('<title>Report of a case</title>')
  } catch {
    return false
  }
}
