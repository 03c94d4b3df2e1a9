/**
 * A stretch of work on a context during which no other trigger or transition of it runs. What is triggered from
 * inside the turn runs inline, and the turn does not end before it.
 */
export class Turn {
  readonly owner: object
  /** The event being handled in this turn; none for a transition. */
  readonly sequence: number | undefined
  active = true
  #inline: Set<Promise<unknown>> | undefined

  constructor(owner: object, sequence: number | undefined) {
    this.owner = owner
    this.sequence = sequence
  }

  /** Remembers work started from inside the turn, so that the turn waits for it even if its starter did not. */
  track<Result>(work: Promise<Result>): Promise<Result> {
    const inline = (this.#inline ??= new Set())
    inline.add(work)
    const forget = () => inline.delete(work)
    work.then(forget, forget)
    return work
  }

  get pending(): boolean {
    return this.#inline !== undefined && this.#inline.size > 0
  }

  /** Resolves when nothing started inside the turn is still running. */
  async drained(): Promise<void> {
    while (this.#inline !== undefined && this.#inline.size > 0) await Promise.allSettled(this.#inline)
  }
}
