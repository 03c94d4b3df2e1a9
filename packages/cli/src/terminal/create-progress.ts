import { indented, printableLine } from '@see/core/printable'
import type { Terminal } from './terminal.ts'
import type { Progress } from '@see/runner'

/** A spinner on a terminal, else lines with the time. */
export async function createProgress(error: Terminal['error']): Promise<Progress> {
  return new Harmless(await createTeller(error))
}

async function createTeller(error: Terminal['error']): Promise<Progress> {
  // A terminal that does not know its width, such as that of script(1), makes ora loop.
  if (error.isTTY !== true || !(error.columns > 0)) return new Lines(error)
  const { Spinner } = await import('./spinner.ts')
  return new Spinner(error)
}

/** Passes texts on such that a terminal obeys nothing in them, and none looks like a line of ours. */
class Harmless implements Progress {
  readonly #teller: Progress

  constructor(teller: Progress) {
    this.#teller = teller
  }

  readonly step = (message: string): void => this.#teller.step(printableLine(message))

  readonly note = (message: string): void => {
    this.#teller.note(indented(message, 2))
  }

  readonly update = (message: string): void => this.#teller.update(printableLine(message))

  readonly end = (succeeded: boolean): void => this.#teller.end(succeeded)
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
