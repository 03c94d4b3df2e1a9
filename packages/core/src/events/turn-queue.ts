import { currentActor, runAs } from './actor.ts'
import type { Owner } from './owner.ts'
import { Mutex } from './mutex.ts'
import { CriticalSection } from './critical-section.ts'

/** The turns of one context: one at a time, but for those that begin inside another. */
export class TurnQueue {
  readonly #context: object
  readonly #gate = new Mutex()

  constructor(context: object) {
    this.#context = context
  }

  /** The turn that the caller runs in, if it is one of this context's and not over. */
  current(): CriticalSection | undefined {
    return currentActor()?.turn?.within(this.#context)
  }

  /** What has to be passed: inside a turn its own gate, else the context's. */
  gate(current: CriticalSection | undefined): Mutex {
    return current?.gate ?? this.#gate
  }

  /**
   * Runs `work` alone: inside when the caller has the turn already, else when its turn comes.
   * @throws the signal's reason, when it aborts before the turn has come, or what the work throws
   */
  async take<Result>(owner: Owner, work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    const outer = currentActor()?.turn
    const current = this.current()
    const gate = this.gate(current)
    await gate.enter(signal)
    const turn = new CriticalSection(owner, this.#context, current?.sequence, { outer })
    try {
      return await runAs(turn, work)
    } finally {
      await turn.end()
      gate.leave()
    }
  }

  /** Resolves when no one but the caller has the turn. */
  async idle(): Promise<void> {
    if (this.current() === undefined) await this.#gate.idle()
  }
}
