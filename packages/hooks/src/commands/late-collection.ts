import { setTimeout as sleep } from 'node:timers/promises'
import { type LateOutput, messageOf } from '@see/core'
import { type CommandFiles, type CommandRecord, isOutputWhole } from './command-record.ts'

const COLLECT_MS = 500
/** Whether more can come is asked less often: it takes a process of the guest. */
const COLLECTIONS_PER_LOOK = 10
/** What a look may take before the guest stops. */
const LOOK_MS = 10_000

/** A command whose output comes late. */
export interface Collected {
  readonly late: LateOutput
  readonly files: CommandFiles
  readonly record: CommandRecord
}

/** Goes on with the output of a command that has ended, until no program that it left running can print more. */
export class LateCollection {
  /** Undefined until the guest has said it. */
  isOpen: boolean | undefined
  /** Why the guest did not say it when it was last asked. */
  failure: string | undefined
  readonly #collected: Collected
  readonly #over: (collection: LateCollection) => Promise<void>
  readonly #ended = new AbortController()
  #turn: Promise<void> = Promise.resolve()

  /** @param over is called once nothing more is collected, and all is on record */
  constructor(collected: Collected, over: (collection: LateCollection) => Promise<void>) {
    this.#collected = collected
    this.#over = over
  }

  /** Collects until the end. */
  async run(isGuestRunning: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
    const ending = AbortSignal.any([signal, this.#ended.signal])
    for (let collections = 0; !ending.aborted; collections++) {
      const asks = this.isOpen === undefined || collections % COLLECTIONS_PER_LOOK === 0
      if (await isGuestRunning()) await this.#inTurn(() => this.#look(asks))
      await sleep(COLLECT_MS, undefined, { signal: ending }).catch(() => undefined)
    }
  }

  /** Looks whether more can come, and brings what there is; takes some seconds at most. */
  async look(): Promise<void> {
    const late = new AbortController()
    const looked = this.#inTurn(() => this.#look(true))
    const given = sleep(LOOK_MS, undefined, { signal: late.signal }).catch(() => undefined)
    await Promise.race([looked, given])
    late.abort()
  }

  /** The guest, or its environment, has ended. A look that it does not answer any more is not waited for. */
  async end(): Promise<void> {
    await this.#finish()
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => undefined)
    await mine
  }

  async #look(asks: boolean): Promise<void> {
    if (this.#ended.signal.aborted) return
    const { late } = this.#collected
    try {
      if (asks) await this.#ask()
      let isAll = await late.collect()
      while (this.isOpen === false && !isAll && !this.#ended.signal.aborted) isAll = await late.collect()
      if (this.isOpen !== false) return
      const { truncated, lost } = await late.close()
      this.#collected.record.truncated ||= truncated
      this.#collected.record.lost ??= lost
    } catch (error) {
      this.failure = messageOf(error)
      return
    }
    await this.#finish()
  }

  async #ask(): Promise<void> {
    const { late, files, record } = this.#collected
    const isOpen = await late.isOpen()
    if (this.#ended.signal.aborted) return
    this.isOpen = isOpen
    if (!isOpen || record.output_open) return
    record.output_open = true
    await files.writeRecord(record)
  }

  async #finish(): Promise<void> {
    if (this.#ended.signal.aborted) return
    this.#ended.abort()
    const { files, record } = this.#collected
    record.output_open = this.isOpen !== false
    try {
      await files.closeOutput({ isComplete: isOutputWhole(record) && !record.output_open })
    } finally {
      await files.writeRecord(record, true)
      await this.#over(this)
    }
  }
}
