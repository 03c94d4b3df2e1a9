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
import { type TimelineLine, TIMELINE_VERSION, type VersionLine } from '@see/evidence'
import { LineFile } from '../results/line-file.ts'
import type { EvidenceEntry } from '../results/evidence-entry.ts'
import { EvidenceWriter } from '../results/evidence-writer.ts'
import { resultsKey } from '../results/results-key.ts'
import { cutText, plainAttributes } from './plain-value.ts'
import { timelineClock } from './timeline-clock.ts'

const schema = z.object({
  results_folder: resultsKey('the timeline'),
})

/**
 * Writes `<identifier>_timeline.jsonl`: a line for every event when it is fired, one for every handler that begins and one
 * for every handler that ends. Name it first of all hooks: what fires during the set-up of those before it is not seen.
 */
export class TimelineHook extends Hook<typeof schema> {
  static override readonly schema = schema
  readonly #evidence = new EvidenceWriter(this)
  readonly #clock = timelineClock()
  #entry: EvidenceEntry | undefined
  #file: LineFile | undefined
  #observation: Disposable | undefined
  /** The events that have a line. */
  readonly #written = new WeakSet<EventRecord>()
  #lostLines = 0
  #lostBecause: unknown

  async setup(): Promise<void> {
    await this.#evidence.open()
    const path = this.#evidence.claim('timeline', { extensions: ['jsonl'] }).path('jsonl')
    this.#entry = this.#evidence.entry(path, { kind: 'timeline' })
    this.#file = openTimeline(this.#entry)
    this.#append({
      type: 'see-timeline',
      version: TIMELINE_VERSION,
      identifier: this.identifier,
      ...this.#clock.start,
    })
    this.#observation = this.context.observe({
      eventFired: (record) => this.#eventFired(record),
      handlerStarted: (record, run) => this.#handlerStarted(record, run),
      handlerEnded: (record, run) => this.#handlerEnded(record, run),
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

  #eventFired(record: EventRecord): void {
    const { sequence, parent, event } = record
    const { name, origin, timestamp } = event
    const { attributes, isCut } = plainAttributes(attributesOf(event))
    this.#written.add(record)
    this.#append({
      type: 'event',
      sequence,
      ...(parent === undefined ? {} : { parent }),
      name,
      origin,
      timestamp,
      t: this.#clock.now().t,
      attributes,
      ...(isCut ? { attributes_cut: true } : {}),
    })
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

  #handlerStarted(record: EventRecord, run: HandlerRun): void {
    if (!this.#written.has(record)) return
    this.#append({ type: 'handler_start', ...runOf(record, run), ...this.#clock.now() })
  }

  #handlerEnded(record: EventRecord, run: HandlerRun): void {
    if (!this.#written.has(record)) return
    const { durationMs = 0, error } = run
    this.#append({
      type: 'handler_end',
      ...runOf(record, run),
      ...this.#clock.now(),
      durationMs: Math.round(durationMs * 1000) / 1000,
      ...('error' in run ? { error: cutText(messageOf(error)) } : {}),
    })
  }

  /** A full disk must not break the dispatch of events; `cleanup` throws what was lost. */
  #append(line: VersionLine | TimelineLine): void {
    try {
      this.#file?.append(JSON.stringify(line))
    } catch (error) {
      if (this.#lostLines++ > 0) return
      this.#lostBecause = error
      this.logger.error({ err: error }, `the timeline loses lines: ${messageOf(error)}`)
    }
  }
}

function runOf({ sequence, handlers }: EventRecord, run: HandlerRun) {
  const { handler, asynchronous } = run
  return { sequence, run: handlers.lastIndexOf(run) + 1, handler, asynchronous }
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
