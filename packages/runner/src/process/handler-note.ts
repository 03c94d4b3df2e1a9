import type { EventObserver, EventRecord, HandlerRun } from '@see/core'
import type { SharedNote } from './shared-note.ts'

/** Notes the handler that began last and has not ended, for a process that cannot be asked any more. */
export class HandlerNote implements EventObserver {
  readonly #running: { readonly run: HandlerRun; readonly text: string }[] = []
  readonly #note: SharedNote

  constructor(note: SharedNote) {
    this.#note = note
  }

  handlerStarted({ event }: EventRecord, run: HandlerRun): void {
    const text = `${run.handler} for "${event.name}"`
    this.#running.push({ run, text })
    this.#note.text = text
  }

  handlerEnded(_record: EventRecord, run: HandlerRun): void {
    const index = this.#running.findLastIndex((each) => each.run === run)
    if (index !== -1) this.#running.splice(index, 1)
    this.#note.text = this.#running.at(-1)?.text ?? ''
  }
}
