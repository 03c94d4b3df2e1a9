import { SeeError, type SeeErrorCode } from '../common/errors.ts'
import { blockFileName } from '../contract/block-node.ts'
import type { DiskImage } from './disk-image.ts'
import { withHeldImage } from './held-image.ts'
import { requireTool } from '../host/required-tool.ts'
import { runBounded } from '../host/bounded-process.ts'

/** A copy of a large image takes its time. */
const COPY_TIMEOUT_MS = 3_600_000

interface Options {
  /** What is written, for the error. */
  readonly target: string
  /** The code of the error. */
  readonly code: SeeErrorCode
  readonly signal: AbortSignal | undefined
  readonly timeoutMs?: number
}

/**
 * Runs qemu-img, which is to write a disk.
 * @throws SeeError `TOOL_MISSING`, `DISK_FULL`, or one with `code`; or the signal's reason
 */
export async function runQemuImg(
  words: readonly string[],
  { target, code, signal, timeoutMs = COPY_TIMEOUT_MS }: Options,
): Promise<void> {
  const program = await requireTool('qemu-img', 'qemu-utils')
  const options = { stdin: '', timeoutMs, maxOutputBytes: 4096, env: {}, signal }
  const { exitCode, stderr } = await runBounded([program, ...words], options, () => {
    return new SeeError(code, `qemu-img did not write ${target} within ${timeoutMs} ms`)
  })
  if (exitCode === 0) return
  const said = stderr.toString().trim()
  if (isOfFullDisk(said)) {
    throw new SeeError('DISK_FULL', `there is no room for ${target}: ${said}; make room there`)
  }
  throw new SeeError(code, `the disk ${target} could not be made: ${said}`)
}

/**
 * Copies an image with all that it is an overlay of.
 * @throws SeeError `TOOL_MISSING`, `DISK_FULL`, `STORAGE_FAILED`, `IMAGE_INVALID` or `IMAGE_REFUSED`; or the signal's reason
 */
export async function convertImage(image: DiskImage, target: string, signal: AbortSignal): Promise<void> {
  const options = { target: `${target} from ${image.path}`, code: 'STORAGE_FAILED', signal } as const
  await withHeldImage(image, async (held) => {
    await runQemuImg(['convert', '-q', '-O', 'qcow2', blockFileName(held), target], options)
  })
}

/** Whether it is what a program says when the disk has no room. */
export function isOfFullDisk(said: string): boolean {
  return /no space left/i.test(said)
}
