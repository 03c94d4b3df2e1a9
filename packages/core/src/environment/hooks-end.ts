import { EndBudget } from '../common/end-budget.ts'

/** What all clean-ups of hooks have together once the end is in a hurry: enough to end processes and to close files. */
const CLEAN_UPS_MS = 4000
/** And the handlers and set-ups before them. */
const HANDLERS_MS = 2000

/** The time that hooks have at the end of an environment. */
export class HooksEnd {
  readonly handlers: EndBudget
  readonly cleanUps: EndBudget

  constructor(hurry: AbortSignal) {
    this.handlers = new EndBudget(hurry, HANDLERS_MS)
    this.cleanUps = new EndBudget(hurry, CLEAN_UPS_MS)
  }
}
