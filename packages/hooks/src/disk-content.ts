import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SeeError } from '@see/core'
import { type DiskTools, saidBy } from './disk-tools.ts'

/** A file's content on a disk. */
export interface ContentSource {
  /** The sector at which its file system begins. */
  readonly start: number
  readonly inode: string
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
const IDENTIFY = '\nexec file --brief --files-from names'

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
   * @throws SeeError `TOOL_FAILED`
   */
  static async read(
    tools: DiskTools,
    disk: string,
    sources: readonly ContentSource[],
    { parent, identify }: { readonly parent: string; readonly identify: boolean },
  ): Promise<DiskContents> {
    const folder = await mkdtemp(join(parent, 'contents-'))
    if (sources.length === 0) return new DiskContents([], folder)
    try {
      const list = sources.map(({ start, inode }, number) => `${number} ${start} ${inode}\n`)
      await writeFile(join(folder, 'list'), list.join(''))
      await writeFile(join(folder, 'names'), sources.map((_source, number) => `${number}\n`).join(''))
      const script = identify ? SCRIPT + IDENTIFY : SCRIPT
      const result = await tools.run(['sh', '-c', script, 'icat', disk], [disk], folder)
      if (result.exitCode !== 0) {
        throw new SeeError('TOOL_FAILED', `icat ended with ${result.exitCode}: ${saidBy(result)}`)
      }
      const failed = new Set((await readFile(join(folder, 'failed'), 'utf8').catch(() => '')).split('\n'))
      const types = identify ? result.stdout.toString().split('\n') : []
      const contents: (Content | undefined)[] = []
      for (const number of sources.keys()) {
        if (failed.has(String(number))) contents.push(undefined)
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

async function looked(path: string): Promise<Pick<Content, 'sha1' | 'isHive'>> {
  const hash = createHash('sha1')
  let first = Buffer.alloc(0)
  for await (const part of createReadStream(path)) {
    if (first.length === 0) first = part
    hash.update(part)
  }
  return { sha1: hash.digest('hex'), isHive: first.toString('latin1', 0, 4) === 'regf' }
}
