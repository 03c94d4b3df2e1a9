import { constants } from 'node:fs'
import { type FileHandle, link, open, rm } from 'node:fs/promises'

/** A file to which whole texts are appended, one after the other, each by one call of the system. */
export class AppendFile {
  readonly #file: FileHandle
  #last: Promise<unknown> = Promise.resolve()
  #bytes: number

  private constructor(file: FileHandle, bytes: number) {
    this.#file = file
    this.#bytes = bytes
  }

  /**
   * A new file, which is there with the whole text or not at all; one that is there already, a link too, is an error with the
   * code EEXIST.
   * @param unfinished where it is written before it gets its name
   */
  static async create(path: string, text: string, unfinished: string): Promise<AppendFile> {
    const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL
    const file = new AppendFile(await open(unfinished, flags, 0o600), 0)
    try {
      await file.append(text)
      await link(unfinished, path)
      return file
    } catch (error) {
      await file.close()
      throw error
    } finally {
      await rm(unfinished, { force: true })
    }
  }

  /** A file that is there, shortened to its first `bytes`. */
  static async reopen(path: string, bytes: number): Promise<AppendFile> {
    const file = await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW)
    try {
      await file.truncate(bytes)
    } catch (error) {
      await file.close()
      throw error
    }
    return new AppendFile(file, bytes)
  }

  /** Appends the whole text, or nothing and throws. */
  append(text: string): Promise<void> {
    const appended = this.#last.then(() => this.#append(Buffer.from(text)))
    this.#last = appended.catch(() => undefined)
    return appended
  }

  /** Has what was appended written to the disk now, which is not waited for. */
  sync(): void {
    this.#file.datasync().catch(() => undefined)
  }

  /** Node closes it once it is written to the disk, which is not waited for either. */
  async close(): Promise<void> {
    await this.#last
    this.#file.close().catch(() => undefined)
  }

  async #append(bytes: Buffer): Promise<void> {
    try {
      const { bytesWritten } = await this.#file.write(bytes)
      // A full disk takes a part.
      if (bytesWritten < bytes.length) throw Object.assign(new Error('the disk is full'), { code: 'ENOSPC' })
    } catch (error) {
      await this.#file.truncate(this.#bytes)
      throw error
    }
    this.#bytes += bytes.length
  }
}
