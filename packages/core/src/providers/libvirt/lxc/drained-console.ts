import { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Domain } from '@see/libvirt'
import type { WaitOptions } from '../../../contract/wait-options.ts'

/** What is kept for a reader who comes after the power-on. */
const KEPT_BYTES = 1024 * 1024
/** What a reader may be behind; one that reads slower is let go. */
const MOST_BEHIND_BYTES = 4 * 1024 * 1024
/** How fast it is read: a container that prints without end waits, and this process does not work for it alone. */
const BYTES_PER_SECOND = 4 * 1024 * 1024
const RETRY_MS = 200
const FINISH_MS = 1000
const OPEN_MS = 30_000

/**
 * Reads a container's console as long as the container runs, through its restarts, with or without a listener: libvirt
 * gives it to one reader only, and a console that is not read stops who writes to it.
 */
export class DrainedConsole {
  readonly #domain: Domain
  readonly #readers = new Set<Duplex>()
  #kept: Buffer[] = []
  #keptBytes = 0
  #stream: Duplex | undefined
  #running: AbortController | undefined
  #drained: Promise<void> = Promise.resolve()

  constructor(domain: Domain) {
    this.#domain = domain
  }

  /** Begins to read; what was kept of an earlier run is forgotten. */
  open(): void {
    this.#close()
    this.#kept = []
    this.#keptBytes = 0
    const running = new AbortController()
    this.#running = running
    this.#drained = this.#drain(running.signal).finally(() => this.#end(running))
  }

  /** Takes the last output of a container that is off, for a moment at most. */
  async finish(): Promise<void> {
    await Promise.race([this.#drained, sleep(FINISH_MS, undefined, { ref: false })])
    this.#close()
  }

  #close(): void {
    this.#running?.abort()
    this.#stream?.destroy()
  }

  /** What is kept of the output since the power-on, and what follows; what is written goes to the container. */
  async reader(options: WaitOptions = {}): Promise<Duplex> {
    const { signal } = options
    signal?.throwIfAborted()
    // Refused as libvirt refuses it.
    if (this.#running === undefined) return await this.#domain.openConsole(options)
    const reader: Duplex = new Duplex({
      ...(signal === undefined ? {} : { signal }),
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        if (this.#stream === undefined) done(new Error('the console of the container is not open'))
        else this.#stream.write(chunk, done)
      },
      destroy: (error, done) => {
        this.#readers.delete(reader)
        done(error)
      },
    })
    for (const chunk of this.#kept) reader.push(chunk)
    this.#readers.add(reader)
    return reader
  }

  async #drain(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#readOnce(signal).catch(() => undefined)
      if (signal.aborted || !(await this.#domain.isActive().catch(() => false))) return
      // A container that restarts gets another console.
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  async #readOnce(signal: AbortSignal): Promise<void> {
    const stream = await this.#domain.openConsole({ signal, timeoutMs: OPEN_MS })
    this.#stream = stream
    try {
      for await (const chunk of stream) {
        if (!Buffer.isBuffer(chunk)) continue
        this.#take(chunk)
        await sleep((chunk.length / BYTES_PER_SECOND) * 1000, undefined, { signal })
      }
    } finally {
      this.#stream = undefined
      stream.destroy()
    }
  }

  #take(chunk: Buffer): void {
    const room = KEPT_BYTES - this.#keptBytes
    if (room > 0) this.#kept.push(chunk.subarray(0, room))
    this.#keptBytes += chunk.length
    for (const reader of this.#readers) {
      if (reader.readableLength > MOST_BEHIND_BYTES) {
        reader.destroy(new Error(`the console was read too slowly: ${MOST_BEHIND_BYTES} bytes behind`))
      } else {
        reader.push(chunk)
      }
    }
  }

  #end(running: AbortController): void {
    for (const reader of this.#readers) {
      reader.push(null)
      reader.end()
    }
    this.#readers.clear()
    if (this.#running === running) this.#running = undefined
  }
}
