import { readFile } from 'node:fs/promises'
import { SeeError } from '@see/core'
import { bytesToRead } from './content-to-read.ts'
import { type Content, type ContentSource, DiskContents, type ReadOptions } from './disk-content.ts'
import type { FileChange, Side } from './files/compare-listings.ts'
import type { ListedFile } from './files/listed-file.ts'
import { whySkipped } from './left-out.ts'
import type { DiskTools } from './tools/disk-tools.ts'

/** Contents of changed files on one of the two disks. */
export interface SideContents extends AsyncDisposable {
  readonly byFile: ReadonlyMap<ListedFile | undefined, Content | undefined>
  /** Targets of the links that are listed without one. */
  readonly targets: ReadonlyMap<ListedFile | undefined, string>
  /** Why the others were not read. */
  readonly unread: string
}

/** The contents of a side for which no time was left. */
export const NOTHING_READ: SideContents = {
  byFile: new Map(),
  targets: new Map(),
  unread: whySkipped.tooLate,
  [Symbol.asyncDispose]: async () => undefined,
}

interface SideOptions extends ReadOptions {
  readonly side: Side
  /** The image of that side's disk. */
  readonly disk: string
  /** Size of a file, in bytes, beyond which its content is not read. */
  readonly sizeLimit: number
}

/**
 * Reads what the changed files hold on one of the disks; {@link NOTHING_READ} where the time is used up.
 * @throws SeeError `TOOL_FAILED`
 */
export async function readSide(
  tools: DiskTools,
  changes: readonly FileChange[],
  { side, disk, sizeLimit, ...options }: SideOptions,
): Promise<SideContents> {
  const wanted = changes.filter((change) => bytesToRead(change[side], sizeLimit) > 0)
  const sources = wanted.flatMap((change) => {
    const file = change[side]
    return file === undefined
      ? []
      : [{ start: change.start, inode: file.inode, path: file.path, size: file.size }]
  })
  const contents = await readInTime(tools, disk, sources, options)
  if (contents === undefined) return NOTHING_READ
  const byFile = new Map(wanted.map((change, number) => [change[side], contents.contents[number]]))
  return {
    byFile,
    targets: await targetsIn(byFile),
    unread: whySkipped.unreadable,
    [Symbol.asyncDispose]: () => contents[Symbol.asyncDispose](),
  }
}

/** Undefined where the time is used up: a guest can make as many files of holes as it likes. */
async function readInTime(
  tools: DiskTools,
  disk: string,
  sources: readonly ContentSource[],
  options: ReadOptions,
): Promise<DiskContents | undefined> {
  if (tools.isLate) return undefined
  try {
    return await DiskContents.read(tools, disk, sources, options)
  } catch (error) {
    tools.signal.throwIfAborted()
    if (!(error instanceof SeeError && tools.isLate)) throw error
    return undefined
  }
}

async function targetsIn(byFile: SideContents['byFile']): Promise<SideContents['targets']> {
  const targets = new Map<ListedFile | undefined, string>()
  for (const [file, content] of byFile) {
    if (file?.kind === 'symbolic link' && content !== undefined)
      targets.set(file, await readFile(content.path, 'latin1'))
  }
  return targets
}
