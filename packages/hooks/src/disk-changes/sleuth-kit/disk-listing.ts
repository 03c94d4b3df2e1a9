import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '@see/core'
import { withDeepFiles } from './deep-directories.ts'
import type { DiskTools } from '../tools/disk-tools.ts'
import { type ExtGeometry, extGeometry } from './ext-geometry.ts'
import {
  type FileSystemState,
  HEAD_BYTES,
  QUIET,
  stateOfExt,
  stateOfNtfs,
} from '../layout/file-system-state.ts'
import type { ListedFile } from '../files/listed-file.ts'
import {
  AGAIN,
  assertListed,
  type ListedNames,
  MUCH,
  type NamesSummary,
  SORT,
  summaryOf,
} from './listed-names.ts'
import { mostNames } from '../files/most-names.ts'
import { boundsOf, SPENT, spend, UNWATCHED, WATCHED } from './watched-listing.ts'

/** Where to look for a file system, in sectors of 512 bytes. */
export interface Place {
  readonly start: number
  readonly sectors: number
}

/** What is at a place of one disk. */
export interface PlaceContent {
  /**
   * The Sleuth Kit's name of the file system; of what it cannot read, the name that blkid has for it, such as `xfs` or
   * `LVM2_member`. Null when nothing is recognised.
   */
  readonly type: string | null
  /**
   * The reader that listed its files: The Sleuth Kit or the kernel of a helper guest; `volumes` when it has none, but
   * volumes that are regions of their own. Null when they were not listed.
   */
  readonly readBy: 'tsk' | 'kernel' | 'volumes' | null
  /** Why they were not listed, where more is known than that it is of no kind that can be read. */
  readonly whyUnread?: string
  /** Why listing it failed. */
  readonly failure?: string
  /** What The Sleuth Kit has listed. */
  readonly names?: ListedNames
  /** What the kernel has listed. */
  readonly files: readonly ListedFile[]
  /** The names of which something could not be read, and why. */
  readonly unreadFiles?: readonly { readonly path: string; readonly why: string }[]
  readonly state: FileSystemState
  /** Directories, too deep or too many, whose files are not listed. */
  readonly unlisted?: readonly string[]
  /** Where its inodes are, of one of ext2, 3 or 4. */
  readonly ext?: ExtGeometry
}

const AMBIGUOUS = 8
/** One file system's share of what may be listed altogether. */
const SHARE = 3 / 4

// A directory that is in itself has no end, and one that has two names in one that has two names soon none either.
const UNLESS_AGAIN = `{
  inode = $(NF - 8)
  if (!(inode in known)) { known[inode]; inodes++ }
  if (NR > ${mostNames.more} + ${mostNames.ofEach} * inodes) { print "again" >"/dev/stderr"; exit }
  print
}`

/** What a program may take that looks at a few blocks only. */
const SHORT_SECONDS = 5

// For each place: its first bytes, the type of its file system, the listing, and how that went. One that does not end
// is the failure of its own file system, not of the others.
const SCRIPT = `${WATCHED}
disk=$1 most=$2 count=$3; shift 3
while [ $# -gt 0 ]; do
  start=$1 sectors=$2; shift 2
  dd if="$disk" bs=${HEAD_BYTES} iflag=skip_bytes skip=$((start * 512)) count=1 status=none >"$start.head"
  timeout ${SHORT_SECONDS} fsstat -t -o "$start" "$disk" >"$start.type" 2>/dev/null || {
    rm "$start.type"
    timeout ${SHORT_SECONDS} blkid -p -O $((start * 512)) -S $((sectors * 512)) -s TYPE -o value "$disk" >"$start.known" 2>/dev/null
    echo $? >"$start.code"
    continue
  }
  listed "$start" $(($# / 2 + 1)) -o "$start" "$disk" | awk -F'|' "$count" 2>"$start.again" |
    ${SORT} >"$start.list" || echo 121 >"$start.code"
  [ -s "$start.again" ] && echo ${AGAIN} >"$start.code"
  [ "$(stat -c %s "$start.raw")" -le "$most" ] || echo ${MUCH} >"$start.code"
  read -r code <"$start.code"
  [ "$code" = 0 ] || : >"$start.list"
  rm "$start.raw"
  if grep -q ^ntfs "$start.type"; then
    timeout ${SHORT_SECONDS} icat -o "$start" "$disk" 3-112 2>/dev/null | head -c 8192 >"$start.volume"
    timeout ${SHORT_SECONDS} icat -o "$start" "$disk" 2 2>/dev/null | head -c 8192 >"$start.log"
  fi
done
${UNWATCHED}`

/**
 * Lists the file systems at the given places of a disk.
 * @param folder an empty one, to work in
 * @returns of each place what is there; a listing that fails, or is empty, is never one of no files
 * @throws SeeError `TOOL_FAILED` when a program exceeds a bound
 */
export async function listDisk(
  tools: DiskTools,
  disk: string,
  places: readonly Place[],
  folder: string,
): Promise<Map<number, PlaceContent>> {
  const words = places.flatMap(({ start, sectors }) => [String(start), String(sectors)])
  const most = Math.floor(tools.outputBytes * SHARE)
  const budget = tools.listingBudget(disk)
  const bounds = [...boundsOf(tools, budget), disk, String(most), UNLESS_AGAIN]
  // Beside the listings, one as it came, and what sorting it takes.
  await tools.succeed(['sh', '-c', SCRIPT, 'fls', ...bounds, ...words], [disk], folder, 2 * most)
  spend(budget, await readFile(join(folder, SPENT), 'latin1'))
  const found = new Map<number, PlaceContent>()
  for (const { start } of places) {
    const read = (extension: string) => readFile(join(folder, `${start}.${extension}`))
    const { summary, ...content } = await contentOf(read, join(folder, `${start}.list`))
    const listed =
      summary === undefined
        ? {}
        : await withDeepFiles(tools, { disk, start, folder, maxBytes: most }, summary)
    found.set(start, { ...content, ...listed })
  }
  return found
}

type ReadResult = (extension: string) => Promise<Buffer>

async function contentOf(
  read: ReadResult,
  list: string,
): Promise<PlaceContent & { readonly summary?: NamesSummary }> {
  const code = Number((await read('code')).toString())
  const type = await read('type').catch(() => undefined)
  if (type === undefined) return unreadContent((await read('known')).toString('latin1'), code)
  const name = type.toString('latin1').trim()
  const state = await stateOf(name, read)
  const ext = name.startsWith('ext') ? extGeometry(await read('head')) : undefined
  const content = { type: name, files: [], state, ...(ext === undefined ? {} : { ext }) }
  if (state.misread !== undefined) return { ...content, readBy: null, whyUnread: state.misread }
  try {
    const said = (await read('error')).toString('latin1').trim()
    assertListed((await stat(list)).size, code, said)
    return { ...content, readBy: 'tsk', summary: await summaryOf(list) }
  } catch (error) {
    return { ...content, readBy: null, failure: messageOf(error) }
  }
}

/** The names are blkid's own; where it finds several it says nothing. */
function unreadContent(known: string, code: number): PlaceContent {
  const name = known.trim()
  const several = 'it has the marks of several kinds'
  const whyUnread = code === AMBIGUOUS ? { whyUnread: several } : {}
  return { type: name === '' ? null : name, readBy: null, ...whyUnread, files: [], state: QUIET }
}

async function stateOf(type: string, read: ReadResult): Promise<FileSystemState> {
  if (type.startsWith('ext')) return stateOfExt(await read('head'))
  if (type === 'ntfs') return stateOfNtfs(await read('volume'), await read('log'))
  return QUIET
}
