import { execFile } from 'node:child_process'
import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { childEnvironment } from '@see/qemu'
import { messageOf, SeeError } from '../../../common/errors.ts'
import type { RunFolder } from '../folder/run-folder.ts'

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants

/** A named pipe of the run folder through which QEMU, which may write nowhere else, gives us a stream. */
export class QemuPipe {
  readonly path: string
  readonly source: Readable
  #holder: number | undefined

  private constructor(path: string, reader: number, holder: number) {
    this.path = path
    this.source = new Socket({ fd: reader, readable: true, writable: false })
    this.#holder = holder
  }

  /** @throws SeeError `STORAGE_FAILED` */
  static async make(folder: RunFolder, name: string): Promise<QemuPipe> {
    const path = folder.of(name)
    try {
      await promisify(execFile)('mkfifo', ['-m', '600', path], { env: childEnvironment() })
      await folder.give(name)
      return QemuPipe.#open(path)
    } catch (error) {
      throw new SeeError('STORAGE_FAILED', `a pipe for QEMU could not be made: ${messageOf(error)}`, {
        cause: error,
      })
    }
  }

  static #open(path: string): QemuPipe {
    const reader = openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW)
    try {
      // A QEMU that its guest has taken over may have put something else in its place.
      if (!fstatSync(reader).isFIFO()) throw new Error(`${path} is not the pipe that it was`)
      // As long as this is open, the stream does not end, even before QEMU has opened the pipe.
      return new QemuPipe(path, reader, openSync(`/proc/self/fd/${reader}`, O_WRONLY | O_NONBLOCK))
    } catch (error) {
      closeSync(reader)
      throw error
    }
  }

  /** From now on the stream ends when QEMU closes its end, or ends itself. */
  opened(): void {
    if (this.#holder !== undefined) closeSync(this.#holder)
    this.#holder = undefined
  }

  async remove(): Promise<void> {
    this.opened()
    this.source.destroy()
    await rm(this.path, { force: true })
  }
}
