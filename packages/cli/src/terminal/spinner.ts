import ora, { type Ora } from 'ora'
import type { Progress } from '@see/runner'

/** Shows progress by a spinner, on a terminal. */
export class Spinner implements Progress {
  readonly #ora: Ora

  constructor(stream: NodeJS.WriteStream) {
    // Raw mode would keep Ctrl-C from becoming a signal.
    this.#ora = ora({
      stream,
      discardStdin: false,
      hideCursor: false,
      ...(mayColour() ? {} : { color: false }),
    })
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

/** By the convention of https://no-color.org, which ora keeps for its symbols but not for what spins. */
function mayColour(): boolean {
  return (process.env['NO_COLOR'] ?? '') === ''
}
