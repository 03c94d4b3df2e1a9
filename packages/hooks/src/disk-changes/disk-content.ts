import { createHash } from 'node:crypto'
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SeeError } from '@see/core'
import { type DiskTools, saidBy } from './tools/disk-tools.ts'
import { HelperRefusal } from './kernel/helper-conversation.ts'
import type { KernelDisk } from './kernel/kernel-disk.ts'

/** A file's content on a disk. */
export interface ContentSource {
  /** The sector at which its file system begins. */
  readonly start: number
  readonly inode: string
  readonly path: string
  readonly size: number
}

export interface Content {
  /** Where it was written to; gone when the contents are disposed. */
  readonly path: string
  readonly sha1: string
  /** It begins as a hive of the registry of Windows does. */
  readonly isHive: boolean
  /** What `file` says of it. */
  readonly type?: string
}

// Files that are read one after the other, each into its number: names of the guest's never get here.
const SCRIPT = `disk=$1
while read -r number start inode; do
  icat -o "$start" "$disk" "$inode" >"$number" || echo "$number" >>failed
done <list`
const IDENTIFY = ['file', '--brief', '--files-from', 'names'] as const

export interface ReadOptions {
  readonly parent: string
  readonly identify: boolean
  readonly kernel: KernelDisk | undefined
}

/** The contents of files of a disk, in a folder. */
export class DiskContents implements AsyncDisposable {
  /** In the order of the sources; undefined where one could not be read. */
  readonly contents: readonly (Content | undefined)[]
  readonly #folder: string

  private constructor(contents: readonly (Content | undefined)[], folder: string) {
    this.contents = contents
    this.#folder = folder
  }

  /**
   * @param parent the folder in which a folder for the contents is made
   * @param identify have `file` say what they are
   * @param kernel reads the files of the regions that it has listed, instead of The Sleuth Kit
   * @throws SeeError `TOOL_FAILED`
   */
  static async read(
    tools: DiskTools,
    disk: string,
    sources: readonly ContentSource[],
    { parent, identify, kernel }: ReadOptions,
  ): Promise<DiskContents> {
    const folder = await mkdtemp(join(parent, 'contents-'))
    if (sources.length === 0) return new DiskContents([], folder)
    try {
      const numbered = [...sources.entries()]
      const byKernel = numbered.filter(([, { start }]) => kernel?.reads(start) === true)
      const byKit = numbered.filter(([, { start }]) => kernel?.reads(start) !== true)
      const failed = new Set<number>()
      if (byKit.length > 0)
        for (const number of await readByKit(tools, disk, byKit, folder)) failed.add(number)
      for (const [number, source] of byKernel) {
        if (
          kernel === undefined ||
          !(await readByKernel(kernel, source, join(folder, String(number)), tools.signal))
        )
          failed.add(number)
      }
      const types = identify ? await identified(tools, folder, sources.length) : []
      const contents: (Content | undefined)[] = []
      for (const number of sources.keys()) {
        if (failed.has(number)) contents.push(undefined)
        else {
          const path = join(folder, String(number))
          const type = types[number]
          contents.push({ path, ...(await looked(path)), ...(type === undefined ? {} : { type }) })
        }
      }
      return new DiskContents(contents, folder)
    } catch (error) {
      await rm(folder, { recursive: true })
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true })
  }
}

type Numbered = readonly [number, ContentSource]

/** @returns the numbers of those that could not be read */
async function readByKit(
  tools: DiskTools,
  disk: string,
  sources: readonly Numbered[],
  folder: string,
): Promise<number[]> {
  const list = sources.map(([number, { start, inode }]) => `${number} ${start} ${inode}\n`)
  await writeFile(join(folder, 'list'), list.join(''))
  const result = await tools.run(['sh', '-c', SCRIPT, 'icat', disk], [disk], folder)
  if (result.exitCode !== 0) {
    throw new SeeError('TOOL_FAILED', `icat ended with ${result.exitCode}: ${saidBy(result)}`)
  }
  const failed = await readFile(join(folder, 'failed'), 'utf8').catch(() => '')
  return failed.split('\n').flatMap((number) => (number === '' ? [] : [Number(number)]))
}

/** @returns whether it could be read */
async function readByKernel(
  kernel: KernelDisk,
  { start, path, size }: ContentSource,
  target: string,
  signal: AbortSignal,
): Promise<boolean> {
  const file = openSync(target, 'wx', 0o600)
  try {
    // What comes faster than it can be written waits in QEMU.
    await kernel.read(start, { path, maxBytes: size }, (part) => void writeSync(file, part))
    return true
  } catch (error) {
    // A guest that has ended is the failure of its files, not of the others.
    if (!signal.aborted && (error instanceof HelperRefusal || error instanceof SeeError)) return false
    throw error
  } finally {
    closeSync(file)
  }
}

async function identified(tools: DiskTools, folder: string, count: number): Promise<string[]> {
  await writeFile(join(folder, 'names'), Array.from({ length: count }, (_, number) => `${number}\n`).join(''))
  return (await tools.succeed(IDENTIFY, [], folder)).stdout.toString().split('\n')
}

async function looked(path: string): Promise<Pick<Content, 'sha1' | 'isHive'>> {
  const hash = createHash('sha1')
  let first = Buffer.alloc(0)
  for await (const part of createReadStream(path)) {
    if (first.length === 0) first = part
    hash.update(part)
  }
  return { sha1: hash.digest('hex'), isHive: first.toString('latin1', 0, 4) === 'regf' }
}
