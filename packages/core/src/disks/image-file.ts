import { constants, type Stats } from 'node:fs'
import { type FileHandle, open, realpath, stat, statfs } from 'node:fs/promises'
import { messageOf, SeeError } from '../common/errors.ts'
import { HEAD_BYTES } from './disk-format.ts'
import type { ImageBytes } from './image-bytes.ts'

/** Pseudo file systems, by `f_type` of statfs(2). Opening or reading their files may have effects, or never end. */
const KERNELS = new Map([
  [0x9fa0, 'proc'],
  [0x62656572, 'sysfs'],
  [0x64626720, 'debugfs'],
  [0x74726163, 'tracefs'],
  [0x73636673, 'securityfs'],
  [0x27e0eb, 'cgroup'],
  [0x63677270, 'cgroup2'],
  [0xcafe4a11, 'bpf'],
  [0x62656570, 'configfs'],
  [0x6165676c, 'pstore'],
  [0xde5e81e4, 'efivarfs'],
])

/** Smaller device numbers have the major number 0, which the kernel gives to file systems without a block device. */
const FIRST_DEVICE = 256

/** An image file opened for reading. */
export class ImageFile implements ImageBytes, AsyncDisposable {
  /** The real path, without symbolic links. */
  readonly path: string
  readonly size: number
  /** Device and inode. */
  readonly identity: string
  readonly #handle: FileHandle
  #head: Buffer | undefined

  private constructor(path: string, { dev, ino, size }: Stats, handle: FileHandle) {
    this.path = path
    this.size = size
    this.identity = `${dev}:${ino}`
    this.#handle = handle
  }

  /**
   * Opens a regular file. Anything else is refused unopened: opening a pipe blocks, and opening a device has effects.
   * @throws SeeError `IMAGE_INVALID`
   */
  static async open(name: string): Promise<ImageFile> {
    const path = await rethrowAsInvalid(name, realpath(name))
    const facts = await rethrowAsInvalid(name, stat(path))
    assertRegular(name, facts)
    // Only file systems without a device of their own can be the kernel's.
    if (facts.dev < FIRST_DEVICE) await assertStored(name, path)
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY
    const handle = await rethrowAsInvalid(name, open(path, flags))
    try {
      // The file may have been replaced since stat.
      const now = await handle.stat()
      assertRegular(name, now)
      return new ImageFile(path, now, handle)
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /** The file descriptor. */
  get descriptor(): number {
    return this.#handle.fd
  }

  async read(offset: number, length: number): Promise<Buffer> {
    if (offset + length > HEAD_BYTES) return await this.#read(offset, length)
    return (await this.head()).subarray(offset, offset + length)
  }

  /** The first bytes, which contain the signatures of all formats. */
  async head(): Promise<Buffer> {
    this.#head ??= await this.#read(0, HEAD_BYTES)
    return this.#head
  }

  async #read(offset: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length)
    const { bytesRead } = await rethrowAsInvalid(
      this.path,
      this.#handle.read(buffer, 0, length, Math.max(0, offset)),
    )
    return buffer.subarray(0, bytesRead)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close()
  }
}

async function assertStored(name: string, path: string): Promise<void> {
  const { type } = await rethrowAsInvalid(name, statfs(path))
  const kernels = KERNELS.get(type)
  if (kernels !== undefined) throw invalid(name, `is no disk image: it is a file of the kernel's ${kernels}`)
}

function assertRegular(name: string, facts: Stats): void {
  const kind = kindOf(facts)
  if (kind !== undefined) throw invalid(name, `is no disk image: it is a ${kind}`)
}

/** The kind of a file that is not a regular file; undefined for a regular file. */
export function kindOf(facts: Stats): string | undefined {
  if (facts.isFile()) return undefined
  if (facts.isDirectory()) return 'folder'
  if (facts.isFIFO()) return 'named pipe'
  if (facts.isSocket()) return 'socket'
  return 'device'
}

function invalid(name: string, why: string): SeeError {
  return new SeeError('IMAGE_INVALID', `${name} ${why}`)
}

async function rethrowAsInvalid<Result>(name: string, step: Promise<Result>): Promise<Result> {
  try {
    return await step
  } catch (error) {
    const message = `cannot read the disk image ${name}: ${messageOf(error)}`
    throw new SeeError('IMAGE_INVALID', message, { cause: error })
  }
}
