import { execFile } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import type { RunFolder } from './run-folder.ts'

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

  static async make(folder: RunFolder, name: string): Promise<QemuPipe> {
    const path = folder.of(name)
    await promisify(execFile)('mkfifo', ['-m', '600', path])
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    // As long as this is open, the stream does not end, even before QEMU has opened the pipe.
    const holder = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
    await folder.give(name)
    return new QemuPipe(path, reader, holder)
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
