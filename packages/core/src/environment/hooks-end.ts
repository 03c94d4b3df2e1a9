import { environmentBoundsMs } from '../common/bounds-ms.ts'
import { EndBudget } from '../common/end-budget.ts'

/** The time that hooks have at the end of an environment. */
export class HooksEnd {
  readonly handlers: EndBudget
  readonly cleanUps: EndBudget
  readonly #over = new AbortController()

  constructor(hurry: AbortSignal) {
    this.handlers = new EndBudget(hurry, environmentBoundsMs.hurriedHandlers)
    this.cleanUps = new EndBudget(hurry, environmentBoundsMs.hurriedCleanUps)
  }

  /** Aborts once hooks that have not ended are left behind. */
  get over(): AbortSignal {
    return this.#over.signal
  }

  leave(): void {
    this.#over.abort()
  }
}
