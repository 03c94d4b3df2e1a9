import { dirname, isAbsolute, relative, resolve } from 'node:path'
import { realpath } from 'node:fs/promises'
import { messageOf, SeeError } from '../common/errors.ts'
import { quoteGuestText } from '../common/quote-guest-text.ts'
import { type DiskFormat, diskFormats, formatIn } from './disk-format.ts'
import type { DiskImage } from './disk-image.ts'
import type { ImageHeader } from './image-bytes.ts'
import { ImageFile } from './image-file.ts'
import { detectFormat, readImageHeader } from './image-header.ts'

/** Files in a chain, the image itself included. */
const MOST_LAYERS = 32
/** QEMU takes the part before a colon for a protocol unless a slash comes first. */
const PROTOCOL = /^[^/]*:/

export interface ChainRules {
  /** Whether the host's administrator put the image there: its header may then name files in the image's own folder. */
  readonly isLocal: boolean
  /** Absolute paths of folders; the header may name files in and below them. */
  readonly backingFolders: readonly string[]
  /** The image's format; detected by content when undefined. */
  readonly format?: DiskFormat | undefined
}

interface Folders {
  readonly exact: readonly string[]
  readonly trees: readonly string[]
}

/**
 * Reads and checks the headers of an image and of its whole backing chain. Call it before any program or libvirt opens
 * the image. It opens no file that the rules do not allow.
 * @throws SeeError `IMAGE_INVALID` for a file that is not a usable image, `IMAGE_REFUSED` for a header that breaks the rules
 */
export async function readImageChain(path: string, rules: ChainRules): Promise<DiskImage> {
  await using file = await ImageFile.open(path)
  const format = rules.format ?? (await detectFormat(file))
  const folders = await foldersOf(path, file, rules)
  return await chainOf(file, format, folders, [file.identity])
}

async function foldersOf(path: string, file: ImageFile, rules: ChainRules): Promise<Folders> {
  const real = await Promise.all(
    rules.backingFolders.map(async (folder) => await realpath(folder).catch(() => folder)),
  )
  return {
    exact: rules.isLocal ? [dirname(file.path), dirname(resolve(path))] : [],
    trees: [...rules.backingFolders, ...real],
  }
}

async function chainOf(
  file: ImageFile,
  format: DiskFormat,
  folders: Folders,
  seen: readonly string[],
): Promise<DiskImage> {
  const { backing, refusal, virtualBytes } = await readImageHeader(file, format)
  if (refusal !== undefined) throw refused(`${file.path} ${refusal}`)
  const image = { path: file.path, format, identity: file.identity, virtualBytes }
  if (backing === undefined) return image
  return { ...image, backing: await backingOf(file, backing, folders, seen) }
}

async function backingOf(
  image: ImageFile,
  { name, format: named }: NonNullable<ImageHeader['backing']>,
  folders: Folders,
  seen: readonly string[],
): Promise<DiskImage> {
  const what = `${image.path} names the backing file ${quoteGuestText(name)}`
  if (PROTOCOL.test(name)) throw refused(`${what}, which is an address or a QEMU protocol, not a file`)
  const path = resolve(dirname(image.path), name)
  // Before any system call on the path: looking up a path of an automounter would mount it.
  if (!isIn(folders, path)) throw refused(`${what}, ${outside(folders)}`)
  await using file = await openNamed(path, what)
  if (!isIn(folders, file.path)) throw refused(`${what}, a link to ${file.path}, ${outside(folders)}`)
  if (seen.includes(file.identity)) throw refused(`${what}, which makes it an overlay of itself`)
  if (seen.length >= MOST_LAYERS) throw refused(`${image.path} is more than ${MOST_LAYERS} overlays deep`)
  const format = isFormat(named) ? named : undefined
  if (named !== undefined && format === undefined) {
    throw refused(`${what} with the format ${quoteGuestText(named)}, which SEE does not run from`)
  }
  const known = format ?? formatIn(await file.head()) ?? 'raw'
  const found = await chainOf(file, known, folders, [...seen, file.identity])
  if (format === undefined && found.backing !== undefined) {
    // If the base is really a raw disk, a guest may have written this header into it.
    const advice = `if it is ${known}, say so: qemu-img rebase -u -F ${known} -b …`
    throw refused(`${what} without its format, and that one names another file; ${advice}`)
  }
  return found
}

async function openNamed(path: string, what: string): Promise<ImageFile> {
  try {
    return await ImageFile.open(path)
  } catch (error) {
    throw new SeeError('IMAGE_REFUSED', `${what}: ${messageOf(error)}`, { cause: error })
  }
}

function isIn({ exact, trees }: Folders, path: string): boolean {
  return exact.includes(dirname(path)) || trees.some((tree) => isBelow(tree, path))
}

function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way !== '' && way !== '..' && !way.startsWith('../') && !isAbsolute(way)
}

function outside({ exact }: Folders): string {
  return exact.length === 0
    ? 'but a fetched image may only name files in disk.backing_folders'
    : 'which is neither in its own folder nor in one of disk.backing_folders'
}

function isFormat(name: string | undefined): name is DiskFormat {
  return diskFormats.some((format) => format === name)
}

function refused(message: string): SeeError {
  return new SeeError('IMAGE_REFUSED', message)
}
