import { open, rename, rm } from 'node:fs/promises'
import {
  type GuestDisk,
  type ImageLayer,
  messageOf,
  type OtherGuestDisk,
  qcow2References,
  requireAbility,
  type SeeContext,
  SeeError,
} from '@see/core'
import { fileNameOf } from '../results/file-name.ts'

const QCOW2 = Buffer.from('QFI\xfb', 'latin1')

const ZEROES = Buffer.alloc(1024 * 1024)

/**
 * The disk that the provider gave the guest.
 * @throws SeeError `ABILITY_MISSING` when the provider can read none, `CONFIGURATION_INVALID` when the guest has none
 */
export async function requireGuestDisk(context: SeeContext, hook: string): Promise<GuestDisk> {
  const disk = await requireAbility(context, 'disk', { for: hook }).first()
  if (disk !== undefined) return disk
  throw new SeeError(
    'CONFIGURATION_INVALID',
    `${hook} needs a guest whose disk is a clone; name the image in "disk" of the resources’ configuration`,
  )
}

/** A disk of the guest; the first has no name. */
export interface NamedDisk extends GuestDisk {
  readonly target?: string
}

/**
 * The disk that the provider gave the guest, and its clones of the guest's further disks.
 * @throws SeeError `ABILITY_MISSING` when the provider can read none, `CONFIGURATION_INVALID` when the guest has none
 */
export async function requireGuestDisks(
  context: SeeContext,
  hook: string,
): Promise<readonly [NamedDisk, ...OtherGuestDisk[]]> {
  const first = await requireGuestDisk(context, hook)
  return [first, ...(await requireAbility(context, 'disk', { for: hook }).others())]
}

/** What the names of a disk's files have behind them; nothing for the first disk. */
export function diskSuffix({ target }: NamedDisk): string {
  // A dot, which no part of the names before it ends in, sets it off from an event's name.
  return target === undefined ? '' : `.${fileNameOf(target)}`
}

/**
 * Writes the disk of a paused guest into a new file, which only its owner may read.
 * @param why what it is for, in errors
 * @throws SeeError `GUEST_NOT_PAUSED`, `DISK_FULL` or `CHECKPOINT_FAILED`; nothing is left of the file then
 */
export async function saveDisk(
  context: SeeContext,
  disk: GuestDisk,
  path: string,
  { why, signal }: { readonly why: string; readonly signal: AbortSignal },
): Promise<void> {
  await assertStill(context, why)
  const part = `${path}.part`
  try {
    await write(await disk.read({ signal }), part)
    await savedDisk(part, disk)
    // Another user may have resumed it meanwhile.
    await assertStill(context, why)
    await rename(part, path)
  } catch (error) {
    // One that was there before is another's.
    if (!hasCode(error, 'EEXIST')) await rm(part, { force: true })
    if (error instanceof SeeError && error.code === 'GUEST_NOT_PAUSED') throw error
    if (hasCode(error, 'ENOSPC')) {
      throw new SeeError('DISK_FULL', `the disk is full where ${path} is written; make room`, {
        cause: error,
      })
    }
    throw new SeeError('CHECKPOINT_FAILED', `the disk could not be written to ${path}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/** While it runs, its file is now this and now that. */
async function assertStill(context: SeeContext, why: string): Promise<void> {
  const state = await context.state()
  // A crashed guest writes nothing, as a paused one.
  if (state === 'paused' || state === 'crashed' || state === 'shutoff') return
  throw new SeeError(
    'GUEST_NOT_PAUSED',
    `cannot read the guest's disk ${why}: the guest is ${state}; choose an event at which it is paused or off, such as post_pause or post_shutdown`,
  )
}

/**
 * A saved disk and its backing chain. Tools may open both as root, so the guest must not choose what the header names.
 * @throws SeeError `EVIDENCE_UNSUPPORTED` if it names another file, `STORAGE_FAILED` if its header cannot be read
 */
export async function savedDisk(path: string, { image }: GuestDisk): Promise<ImageLayer> {
  const { backing, hasDataFile } = await qcow2References(path)
  if (!hasDataFile && backing === '') return { path, format: 'qcow2' }
  if (!hasDataFile && backing === image.path) return { path, format: 'qcow2', backing: image }
  throw new SeeError(
    'EVIDENCE_UNSUPPORTED',
    `${path} names other files than the image it was cloned from, so it is not opened`,
  )
}

/** What is zero is left out, so that holes stay holes. */
async function write(source: AsyncIterable<Uint8Array>, path: string): Promise<void> {
  // Only the owner may read what a guest has on its disk.
  await using file = await open(path, 'wx', 0o600)
  let position = 0
  for await (const part of source) {
    if (position === 0 && !QCOW2.equals(part.subarray(0, 4)))
      throw new Error('the provider sent no qcow2 image')
    if (!isZero(part)) await writeAll(file, part, position)
    position += part.length
  }
  if (position === 0) throw new Error('the provider sent nothing')
  await file.truncate(position)
}

async function writeAll(
  file: {
    write(
      part: Uint8Array,
      offset: number,
      length: number,
      position: number,
    ): Promise<{ bytesWritten: number }>
  },
  part: Uint8Array,
  position: number,
): Promise<void> {
  for (let done = 0; done < part.length; ) {
    done += (await file.write(part, done, part.length - done, position + done)).bytesWritten
  }
}

function isZero(part: Uint8Array): boolean {
  return Buffer.compare(part, ZEROES.subarray(0, part.length)) === 0
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
