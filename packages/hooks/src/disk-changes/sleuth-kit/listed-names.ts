import { lineBatches } from '../../processes/line-batches.ts'
import { type ListedFile, parseListedFile } from '../files/listed-file.ts'
import { SILENT } from './watched-listing.ts'

/** fls goes no deeper than 128 directories, nor into paths of more than 4096 bytes, and says nothing of it. */
const DEEP = 120
const LONG = 3800
/** Deep directories in which nothing is listed that are kept at most. */
export const MAX_LEAVES = 4000
const MAX_PARENTS = 1000

/** By the bytes of lines; in little memory, with files beside its output. */
export const SORT = 'LC_ALL=C sort --parallel=1 -S 64M -T .'

/** The names of a file system: a file with lines of `fls -m`, sorted by their bytes. There may be millions. */
export interface ListedNames {
  readonly path: string
  readonly count: number
  /** When an inode of theirs was last changed. */
  readonly latest: number
}

/** Exit code of a listing that was ended since it names the same files again and again. */
export const AGAIN = 75

/** Exit code of a listing that is longer than it may be: fls had no reader any more. */
export const MUCH = 141

/** How the shell says that fls was ended. */
const ENDED: Readonly<Record<number, string>> = {
  [AGAIN]: ': it lists the same files again and again',
  121: ': its names could not be sorted',
  124: ': it took too long',
  [MUCH]: ': there is more than output_limit lets it list',
  [SILENT]: ': it listed nothing for too long',
}

/**
 * @param bytes the length of the listing
 * @throws Error when it is a listing that failed, complained or is empty
 */
export function assertListed(bytes: number, code: number, said: string): void {
  const words = said === '' ? '' : `: ${JSON.stringify(said.slice(-500))}`
  if (code !== 0 || bytes === 0)
    throw new Error(`fls ended with exit code ${code} and no file${ENDED[code] ?? words}`)
  if (said !== '') throw new Error(`fls complained${words}`)
}

/** What a listing says as a whole, of which no more is kept than that. */
export class NamesSummary {
  /** Names that a guest could see. */
  count = 0
  bytes = 0
  latest = 0
  /** Deep directories in which nothing is listed. */
  readonly leaves: ListedFile[] = []
  #parents = new Set<string>()

  /**
   * @param line the next one, in their order: what is in a directory comes before it
   * @throws Error when it is no line of fls
   */
  take(line: Buffer): void {
    const file = parseListedFile(line.toString('latin1'))
    this.bytes += line.length + 1
    if (file === undefined) return
    this.count++
    this.latest = Math.max(this.latest, file.ctime)
    if (!isDeep(file.path)) return
    const { path, kind } = file
    if (kind === 'directory' && !this.#parents.has(path) && this.leaves.length < MAX_LEAVES)
      this.leaves.push(file)
    this.#parents.add(path.slice(0, path.lastIndexOf('/')))
    // The paths of those that are still to come are beginnings of this one.
    if (this.#parents.size > MAX_PARENTS)
      this.#parents = new Set([...this.#parents].filter((parent) => path.startsWith(parent)))
  }
}

function isDeep(path: string): boolean {
  return path.length >= LONG || (path.length >= 2 * DEEP && path.split('/').length > DEEP)
}

/** @throws Error when a line is not one of fls */
export async function summaryOf(path: string): Promise<NamesSummary> {
  const summary = new NamesSummary()
  for await (const lines of lineBatches(path)) for (const line of lines) summary.take(line)
  return summary
}

/** The files of a listing that are asked for. */
export async function filesIn(
  names: ListedNames | undefined,
  isWanted: (file: ListedFile) => boolean = () => true,
): Promise<ListedFile[]> {
  if (names === undefined) return []
  const files: ListedFile[] = []
  for await (const lines of lineBatches(names.path)) {
    for (const line of lines) {
      const file = parseListedFile(line.toString('latin1'))
      if (file !== undefined && isWanted(file)) files.push(file)
    }
  }
  return files
}
