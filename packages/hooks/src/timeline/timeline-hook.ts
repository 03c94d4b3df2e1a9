import {
  attributesOf,
  evidenceWarning,
  type EventRecord,
  type HandlerRun,
  Hook,
  messageOf,
  SeeError,
  z,
} from '@see/core'
import { LineFile } from '../results/line-file.ts'
import { plainValue } from './plain-value.ts'
import type { EvidenceEntry } from '../results/evidence-entry.ts'
import { EvidenceWriter } from '../results/evidence-writer.ts'
import { resultsKey } from '../results/results-key.ts'

const schema = z.object({
  results_folder: resultsKey('the timeline'),
})

/**
 * Writes `<identifier>_timeline.jsonl`, a line for every event and one for every asynchronous handler that ended after
 * its event's line. Name it first of all hooks: what fires during the set-up of those before it is not seen.
 */
export class TimelineHook extends Hook<typeof schema> {
  static override readonly schema = schema
  readonly #evidence = new EvidenceWriter(this)
  #entry: EvidenceEntry | undefined
  #file: LineFile | undefined
  #observation: Disposable | undefined
  readonly #written = new WeakSet<EventRecord>()
  #lostLines = 0
  #lostBecause: unknown

  async setup(): Promise<void> {
    await this.#evidence.open()
    const path = this.#evidence.claim('timeline', { extensions: ['jsonl'] }).path('jsonl')
    this.#entry = this.#evidence.entry(path, { kind: 'timeline' })
    this.#file = openTimeline(this.#entry)
    this.#observation = this.context.observe({
      eventHandled: (record) => this.#eventHandled(record),
      handlerSettled: (record, run) => this.#handlerSettled(record, run),
    })
  }

  /** @throws SeeError `RESULTS_LOST` when lines were lost on the way */
  override cleanup(): void {
    this.#observation?.[Symbol.dispose]()
    this.#file?.close()
    this.#entry?.end(this.#lostLines === 0 ? 'complete' : 'incomplete')
    if (this.#lostLines === 0) return
    throw new SeeError(
      'RESULTS_LOST',
      `${this.#lostLines} lines of the timeline are lost: ${messageOf(this.#lostBecause)}`,
      { cause: this.#lostBecause },
    )
  }

  #eventHandled(record: EventRecord): void {
    const { sequence, parent, event, handlers } = record
    const { name, origin, timestamp } = event
    const { value: attributes, isCut } = plainValue(attributesOf(event))
    this.#append({
      type: 'event',
      sequence,
      parent,
      name,
      origin,
      timestamp,
      attributes,
      ...(isCut ? { attributes_cut: true } : {}),
      handlers: handlers.map(lineOf),
    })
    this.#written.add(record)
    if (isCut) this.#warnOfCut(name)
  }

  /** Once for each name of an event. */
  #warnOfCut(name: string): void {
    const why = 'they are longer or deeper than is written; their lines have attributes_cut'
    const warning = evidenceWarning('TIMELINE_CUT', `attributes of ${name} on the timeline`, why)
    this.context.warn(warning).catch((error: unknown) => {
      this.logger.debug({ err: error }, `not warned: ${messageOf(error)}`)
    })
  }

  #handlerSettled(record: EventRecord, run: HandlerRun): void {
    // One that ended before its event is told of in the event's own line.
    if (!this.#written.has(record)) return
    this.#append({ type: 'handler', sequence: record.sequence, timestamp: Date.now(), ...lineOf(run) })
  }

  /** A full disk must not break the dispatch of events; `cleanup` tells of it. */
  #append(line: object): void {
    try {
      this.#file?.append(JSON.stringify(line))
    } catch (error) {
      if (this.#lostLines++ > 0) return
      this.#lostBecause = error
      this.logger.error({ err: error }, `the timeline loses lines: ${messageOf(error)}`)
    }
  }
}

function lineOf({ handler, asynchronous, durationMs, error }: HandlerRun): object {
  return {
    handler,
    asynchronous,
    ...(durationMs === undefined ? {} : { durationMs: Math.round(durationMs * 1000) / 1000 }),
    ...(error === undefined ? {} : { error: plainValue(messageOf(error)).value }),
  }
}

function openTimeline(entry: EvidenceEntry): LineFile {
  const { path } = entry
  try {
    const file = new LineFile(path, (bytes) => entry.pass(bytes))
    entry.begin()
    return file
  } catch (error) {
    throw new SeeError(
      'RESULTS_UNWRITABLE',
      `the timeline ${path} cannot be written: ${messageOf(error)}; remove what is there or name another results_folder`,
      { cause: error },
    )
  }
}
