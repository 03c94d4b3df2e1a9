import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { messageOf, SeeError } from '../common/errors.ts'
import { bytesAt } from './bytes-at.ts'
import { type Elf, readElf } from './elf.ts'
import { type ArchiveFormat, archiveIn, discSignature, type Foreign, foreignIn, isDisc } from './magic.ts'
import { type TextKind, textKind } from './text-kind.ts'

const START_BYTES = 4096
const UNKNOWN = 'file of an unknown kind'

/** What a sample is, by its content and, for text, its name. */
export type SampleKind =
  | { readonly kind: 'folder' }
  | { readonly kind: 'elf'; readonly elf: Elf }
  | { readonly kind: 'archive'; readonly format: ArchiveFormat }
  /** Nothing that Linux itself executes. */
  | ({ readonly kind: 'foreign' } & Foreign)
  | TextKind

/**
 * Recognises a file or folder of this host by what it begins with; nothing of it is run, and no other program reads it.
 * @throws SeeError `FILE_UNREADABLE` for what is missing, cannot be read or is neither
 */
export async function readSampleKind(path: string): Promise<SampleKind> {
  try {
    const information = await stat(path)
    if (information.isDirectory()) return { kind: 'folder' }
    // A pipe or a device might never answer.
    if (!information.isFile()) throw new Error('it is not a regular file or a folder')
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const elf = await readElf(file)
    if (elf !== undefined) return { kind: 'elf', elf }
    const kind = kindOf(await bytesAt(file, 0, START_BYTES), basename(path))
    if (kind.kind !== 'foreign' || kind.format !== UNKNOWN) return kind
    const signature = await bytesAt(file, discSignature.offset, discSignature.bytes)
    return isDisc(signature) ? { kind: 'archive', format: 'iso' } : kind
  } catch (error) {
    throw new SeeError('FILE_UNREADABLE', `cannot read the sample ${path}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

function kindOf(start: Buffer, name: string): SampleKind {
  // A script may carry anything behind its first lines.
  if (start.toString('latin1', 0, 2) === '#!') return textKind(start, name)
  const foreign = foreignIn(start, name)
  if (foreign !== undefined) return { kind: 'foreign', ...foreign }
  const format = archiveIn(start)
  if (format !== undefined) return { kind: 'archive', format }
  const text = textKind(start, name)
  if (!start.includes(0) || text.kind === 'script') return text
  return { kind: 'foreign', format: UNKNOWN, needs: 'a program that opens it' }
}
