import { currentActor, runAs } from './actor.ts'
import { Turn } from './turn.ts'

/** Gives out turns one at a time, first come, first served. */
export class Turns {
  readonly #owner: object
  #busy = false
  readonly #waiting: (() => void)[] = []

  constructor(owner: object) {
    this.#owner = owner
  }

  /** Takes the turn if nobody has it. The caller must `release` it. */
  tryAcquire(): boolean {
    if (this.#busy) return false
    this.#busy = true
    return true
  }

  /** The turn that the caller runs in, if it is one of this owner's and not over. */
  current(): Turn | undefined {
    const turn = currentActor()?.turn
    return turn !== undefined && turn.active && turn.owner === this.#owner ? turn : undefined
  }

  /** Runs `work` alone: inline when the caller has the turn already, else when its turn comes. */
  take<Result>(origin: string, work: () => Promise<Result>): Promise<Result> {
    const current = this.current()
    return current === undefined ? this.#queue(origin, work) : current.track(this.#run(origin, work))
  }

  async #queue<Result>(origin: string, work: () => Promise<Result>): Promise<Result> {
    await this.acquire()
    try {
      return await this.#run(origin, work)
    } finally {
      this.release()
    }
  }

  async #run<Result>(origin: string, work: () => Promise<Result>): Promise<Result> {
    const turn = new Turn(this.#owner, this.current()?.sequence)
    try {
      return await runAs({ origin, turn }, work)
    } finally {
      await turn.drained()
      turn.active = false
    }
  }

  /** Waits for the turn. The caller must `release` it. */
  async acquire(): Promise<void> {
    // Whoever releases with somebody waiting hands the turn over: it stays taken.
    if (!this.tryAcquire()) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  release(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#busy = false
    else next()
  }
}
