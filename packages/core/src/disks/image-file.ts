import { constants, type Stats } from 'node:fs'
import { type FileHandle, open, realpath, stat, statfs } from 'node:fs/promises'
import { messageOf, SeeError } from '../errors.ts'
import { HEAD_BYTES } from './disk-format.ts'
import type { ImageBytes } from './image-bytes.ts'

/** File systems whose files are the kernel's: statfs(2). To open or read one of those may have effects, or never end. */
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

/** An image that is open for reading. */
export class ImageFile implements ImageBytes, AsyncDisposable {
  /** Its path without links. */
  readonly path: string
  readonly size: number
  /** The same for every name of one file. */
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
   * Opens a regular file, and nothing else: a pipe would hold whoever opens it, and a device may do anything.
   * @throws SeeError `IMAGE_INVALID`
   */
  static async open(name: string): Promise<ImageFile> {
    const path = await orInvalid(name, realpath(name))
    assertRegular(name, await orInvalid(name, stat(path)))
    const { type } = await orInvalid(name, statfs(path))
    const kernels = KERNELS.get(type)
    if (kernels !== undefined)
      throw invalid(name, `is no disk image: it is a file of the kernel's ${kernels}`)
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY
    const handle = await orInvalid(name, open(path, flags))
    try {
      // Something else may have taken its place.
      const facts = await handle.stat()
      assertRegular(name, facts)
      return new ImageFile(path, facts, handle)
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /** Its number in this process. */
  get descriptor(): number {
    return this.#handle.fd
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const head = this.#head
    if (head !== undefined && offset + length <= head.length) return head.subarray(offset, offset + length)
    const buffer = Buffer.alloc(length)
    const { bytesRead } = await orInvalid(
      this.path,
      this.#handle.read(buffer, 0, length, Math.max(0, offset)),
    )
    return buffer.subarray(0, bytesRead)
  }

  /** The bytes in which the signatures of all formats lie. */
  async head(): Promise<Buffer> {
    this.#head ??= await this.read(0, HEAD_BYTES)
    return this.#head
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close()
  }
}

function assertRegular(name: string, facts: Stats): void {
  const kind = kindOf(facts)
  if (kind !== undefined) throw invalid(name, `is no disk image: it is a ${kind}`)
}

/** What a file is that is none; undefined for a regular one. */
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

async function orInvalid<Result>(name: string, step: Promise<Result>): Promise<Result> {
  try {
    return await step
  } catch (error) {
    const message = `cannot read the disk image ${name}: ${messageOf(error)}`
    throw new SeeError('IMAGE_INVALID', message, { cause: error })
  }
}
