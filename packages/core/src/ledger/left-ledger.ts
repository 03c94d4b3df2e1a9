import { rm } from 'node:fs/promises'
import { AppendFile } from './append-file.ts'
import { type LedgerContent, formatLine } from './ledger-lines.ts'
import { ledgerFolder, ledgerPath } from './ledger-folder.ts'

/** The ledger of an environment whose owner is dead. Only one process may have it open: its user keeps a lock. */
export class LeftLedger implements AsyncDisposable {
  readonly #path: string
  readonly #file: AppendFile
  readonly #left: Set<number>

  private constructor(path: string, file: AppendFile, left: Set<number>) {
    this.#path = path
    this.#file = file
    this.#left = left
  }

  /** @throws Error when it is not there any more or cannot be written */
  static async open(content: LedgerContent, folder = ledgerFolder()): Promise<LeftLedger> {
    const path = ledgerPath(folder, content.identifier)
    const file = await AppendFile.reopen(path, content.bytes)
    return new LeftLedger(path, file, new Set(content.entries.map(({ entry }) => entry)))
  }

  /** Strikes an entry out. Where the disk is full it stays: undoing it twice does no harm. */
  async undone(entry: number): Promise<void> {
    if (!this.#left.delete(entry)) return
    if (this.#left.size > 0) await this.#file.append(formatLine({ undone: entry })).catch(() => undefined)
  }

  /** Removes the file when nothing is left in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#left.size === 0) await rm(this.#path, { force: true })
    await this.#file.close()
  }
}
