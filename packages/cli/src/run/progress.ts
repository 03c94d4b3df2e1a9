import ora, { type Ora } from 'ora'
import type { Terminal } from '../terminal.ts'

/** Tells the user what is being done: a spinner on a terminal, else lines with the time. */
export interface Progress {
  /** The next thing is being done; the one before is done. */
  readonly step: (message: string) => void
  /** Something worth saying meanwhile. */
  readonly note: (message: string) => void
  /** How far the thing being done has come. */
  readonly update: (message: string) => void
  /** The last thing is done, or was not. */
  readonly end: (succeeded: boolean) => void
}

export function createProgress(error: Terminal['error']): Progress {
  // A terminal that does not know its width, such as that of script(1), sends ora round for ever.
  return error.isTTY === true && error.columns > 0 ? new Spinner(error) : new Lines(error)
}

class Lines implements Progress {
  readonly #error: Pick<Terminal['error'], 'write'>

  constructor(error: Pick<Terminal['error'], 'write'>) {
    this.#error = error
  }

  readonly step = (message: string): void => {
    this.#error.write(`${new Date().toISOString()} ${message}\n`)
  }

  readonly note = this.step

  readonly update = this.step

  readonly end = (): void => undefined
}

class Spinner implements Progress {
  readonly #ora: Ora

  constructor(stream: NodeJS.WriteStream) {
    // Raw mode would keep Ctrl-C from becoming a signal.
    this.#ora = ora({ stream, discardStdin: false, hideCursor: false })
  }

  readonly step = (message: string): void => {
    this.end(true)
    this.#ora.start(message)
  }

  readonly note = (message: string): void => {
    const { isSpinning, text } = this.#ora
    this.#ora.stopAndPersist({ symbol: '!', text: message })
    if (isSpinning) this.#ora.start(text)
  }

  readonly update = (message: string): void => {
    this.#ora.text = message
  }

  readonly end = (succeeded: boolean): void => {
    if (!this.#ora.isSpinning) return
    if (succeeded) this.#ora.succeed()
    else this.#ora.fail()
  }
}
