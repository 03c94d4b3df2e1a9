import type { SeeError } from '../common/errors.ts'
import { Mutex } from './mutex.ts'
import type { Owner, OwnersHandler } from './owner.ts'

/** On whose behalf code runs, and in which turn of a context, if any. */
export interface Actor {
  readonly owner: Owner
  readonly turn: CriticalSection | undefined
}

/** A handler's run for an event. */
interface Run {
  readonly subscription: OwnersHandler
  readonly event: string
}

/**
 * A stretch of work on a context, a synchronous handler's or a transition's, during which nothing else of the context
 * runs. What is triggered from inside runs inside, one after the other, and the turn does not end before it.
 */
export class CriticalSection implements Actor {
  readonly owner: Owner
  readonly context: object
  /** The event being handled in this turn; none for a transition of the environment's user. */
  readonly sequence: number | undefined
  /** The turn from inside which this one began; it may be one of another context. */
  readonly outer: CriticalSection | undefined
  /** The run of the handler whose turn it is; none for a transition. */
  readonly run: Run | undefined
  /** How many turns are around it, and itself. */
  readonly depth: number
  active = true
  /** Why nothing more may be fired inside. */
  overrun: SeeError | undefined
  #gate: Mutex | undefined

  constructor(
    owner: Owner,
    context: object,
    sequence: number | undefined,
    { outer, run }: { readonly outer: CriticalSection | undefined; readonly run?: Run },
  ) {
    this.owner = owner
    this.context = context
    this.sequence = sequence
    // A turn that has ended encloses nothing: a timer that a handler left behind starts outside of it.
    this.outer = outer?.active === true ? outer : undefined
    this.run = run
    this.depth = (this.outer?.depth ?? 0) + 1
  }

  get turn(): this {
    return this
  }

  /** What runs inside the turn goes through here. */
  get gate(): Mutex {
    return (this.#gate ??= new Mutex())
  }

  /** Whether nested work is still pending that its caller did not await. */
  get pending(): boolean {
    return this.#gate?.busy === true
  }

  /** Ends the turn once nothing runs inside any more. From then on what it left behind, a timer say, is outside. */
  async end(): Promise<void> {
    await this.#gate?.idle()
    this.active = false
  }

  /** This turn, or the nearest one around it that is `context`'s; none once one on the way there has ended. */
  within(context: object): CriticalSection | undefined {
    if (!this.active) return undefined
    return this.context === context ? this : this.outer?.within(context)
  }
}
