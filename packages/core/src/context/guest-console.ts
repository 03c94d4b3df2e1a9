import { PassThrough } from 'node:stream'
import { bounded } from '../common/bounded.ts'
import { SeeError } from '../common/errors.ts'
import type { ConsoleAbility, ConsoleStream } from '../contract/console-ability.ts'
import { hypervisorTimeout } from '../contract/hypervisor-timeout.ts'
import type { WaitOptions } from '../contract/wait-options.ts'

/** What is kept of the end of the console's output. */
const TAIL_BYTES = 16 * 1024
/** How far a reader may be behind before the others wait for it. */
const BEHIND_BYTES = 256 * 1024
const OPEN_MS = 30_000

/** The guest's console for several readers: a provider has it read by one only. */
export class GuestConsole {
  readonly #ability: () => ConsoleAbility | undefined
  readonly #readers = new Set<PassThrough>()
  #tail = Buffer.alloc(0)
  #source: Promise<ConsoleStream> | undefined
  #opening = new AbortController()

  constructor(ability: () => ConsoleAbility | undefined) {
    this.#ability = ability
  }

  /** The end of what was read since the guest was powered on, 16 KiB at most; nothing while nothing reads the console. */
  get tail(): Buffer {
    return this.#tail
  }

  /** A new run of the guest begins. */
  forget(): void {
    this.#tail = Buffer.alloc(0)
  }

  /**
   * What the guest writes from now on. Destroy it to let go.
   * @throws SeeError `ABILITY_MISSING`, `HYPERVISOR_TIMEOUT`, or what the provider throws
   */
  async open(options: WaitOptions = {}): Promise<ConsoleStream> {
    const reader = new PassThrough({ highWaterMark: BEHIND_BYTES })
    // Its reader gets the error as well.
    reader.on('error', () => undefined)
    reader.once('close', () => this.#leave(reader))
    this.#readers.add(reader)
    this.#source ??= this.#begin()
    const source = this.#source
    try {
      await bounded(
        { timeoutMs: OPEN_MS, ...options },
        hypervisorTimeout('opening the console'),
        () => source,
      )
      return reader
    } catch (error) {
      reader.destroy()
      throw error
    }
  }

  #leave(reader: PassThrough): void {
    this.#readers.delete(reader)
    if (this.#readers.size > 0) return
    this.#opening.abort()
    // Closes one that is being opened as well.
    void this.#source?.then(
      (source) => source.destroy(),
      () => undefined,
    )
    this.#source = undefined
  }

  #begin(): Promise<ConsoleStream> {
    this.#opening = new AbortController()
    const ability = this.#ability()
    const source =
      ability === undefined
        ? Promise.reject(
            new SeeError('ABILITY_MISSING', 'sandboxes of this provider have no console to read'),
          )
        : ability.open({ signal: this.#opening.signal, timeoutMs: OPEN_MS })
    source.then(
      (stream) => this.#pump(source, stream),
      () => this.#over(source),
    )
    return source
  }

  async #pump(source: Promise<ConsoleStream>, stream: ConsoleStream): Promise<void> {
    try {
      for await (const chunk of stream) {
        this.#tail = Buffer.concat([this.#tail, chunk]).subarray(-TAIL_BYTES)
        await Promise.all([...this.#readers].map((reader) => write(reader, chunk)))
      }
      if (this.#source === source) for (const reader of this.#readers) reader.end()
    } catch (error) {
      if (this.#source !== source) return
      for (const reader of this.#readers) reader.destroy(error instanceof Error ? error : undefined)
    } finally {
      stream.destroy()
      this.#over(source)
    }
  }

  #over(source: Promise<ConsoleStream>): void {
    if (this.#source === source) this.#source = undefined
  }
}

/** Waits until the reader has room again, or has left. */
async function write(reader: PassThrough, chunk: Uint8Array): Promise<void> {
  if (reader.destroyed || reader.write(chunk)) return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      reader.off('drain', done).off('close', done)
      resolve()
    }
    reader.on('drain', done).on('close', done)
  })
}
