import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { z } from 'zod'

const digits = z.string().regex(/^\d{1,20}$/)

/** What is remembered of a file. Times are nanoseconds, which no number of JSON holds. */
export const fileFacts = z.strictObject({
  bytes: z.int().nonnegative(),
  inode: digits,
  mtime_ns: digits,
  ctime_ns: digits,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})

export type FileFacts = z.output<typeof fileFacts>
type StatFacts = Omit<FileFacts, 'sha256'>

export async function factsOf(path: string, signal: AbortSignal): Promise<FileFacts> {
  const before = await statFacts(path)
  const sha256 = await sha256Of(path, signal)
  if ((await contentChangeOf(path, before)) === undefined) return { ...before, sha256 }
  throw new Error(`${path} was changed while it was read`)
}

/** The SHA-256 of a file, in hexadecimal. */
export async function sha256Of(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { signal, highWaterMark: 1024 * 1024 })) hash.update(chunk)
  return hash.digest('hex')
}

/**
 * What is different of a file now, without reading it: its owner alone can write to a file and have the times as they
 * were, and even the owner cannot have the time of the last change.
 */
export async function changeOf(path: string, facts: StatFacts): Promise<string | undefined> {
  const found = await statFacts(path).catch(() => undefined)
  if (found === undefined) return `${path} is missing, or cannot be looked at`
  return differenceOf(path, facts, found)
}

/** The same, but for changes of the owner and of rights alone. */
export async function contentChangeOf(
  path: string,
  { ctime_ns: _any, ...facts }: StatFacts,
): Promise<string | undefined> {
  const found = await statFacts(path).catch(() => undefined)
  if (found === undefined) return `${path} is missing, or cannot be looked at`
  return differenceOf(path, { ...facts, ctime_ns: found.ctime_ns }, found)
}

function differenceOf(path: string, was: StatFacts, is: StatFacts): string | undefined {
  if (was.bytes !== is.bytes) return `${path} has ${is.bytes} bytes, not ${was.bytes}`
  if (was.inode !== is.inode) return `${path} was replaced`
  if (was.mtime_ns !== is.mtime_ns) return `${path} was written to`
  return was.ctime_ns === is.ctime_ns ? undefined : `${path} was changed, or its owner or rights were`
}

async function statFacts(path: string): Promise<StatFacts> {
  const { size, ino, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
  return { bytes: Number(size), inode: `${ino}`, mtime_ns: `${mtimeNs}`, ctime_ns: `${ctimeNs}` }
}
