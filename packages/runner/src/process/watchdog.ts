import { AsyncResource } from 'node:async_hooks'
import inspector from 'node:inspector'
import { join, resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import { currentRun, type SeeContext, SeeError } from '@see/core'
import { processBoundsMs } from './process-bounds.ts'
import { HandlerNote } from './handler-note.ts'
import { leaveAsyncContexts } from './leave-async-contexts.ts'
import { SharedNote } from './shared-note.ts'
import type { ThreadData } from './thread-data.ts'
import { whereItLoops } from './where-it-loops.ts'

const BEAT_MS = 250
const FRAMES = 50

export interface WatchdogOptions {
  /** The UUID of the case, which names its folder. */
  readonly identifier: string
  /** The folder in which the case gets its folder. */
  readonly results: string
  /** The mode of its files. */
  readonly resultsMode: number
  /** 30 seconds when not given. */
  readonly loopTimeoutMs?: number | undefined
  /** Called once what kept the process busy was ended, with a SeeError `EVENT_LOOP_BLOCKED`: abort the case. */
  readonly onBlocked: (error: SeeError) => void
}

let count = 0

/**
 * A thread that watches whether the process still turns its event loop. What does not return to it for too long, such as a
 * loop without end in a hook, is broken off, and `onBlocked` is called. What cannot be broken off, a call of the operating
 * system, ends the process by SIGKILL; the thread then writes `run.json`.
 *
 * It is for the process as a whole. A process that is being debugged is not watched.
 */
export class Watchdog implements Disposable {
  readonly #note = new SharedNote()
  readonly #key = `see.watchdog.${++count}`
  readonly #loopTimeoutMs: number
  readonly #onBlocked: (error: SeeError) => void
  readonly #thread: Worker | undefined
  #beating: NodeJS.Timeout | undefined

  constructor({ identifier, results, resultsMode, loopTimeoutMs, onBlocked }: WatchdogOptions) {
    this.#loopTimeoutMs = loopTimeoutMs ?? processBoundsMs.loop
    // What aborts the case must not count as the hook's.
    this.#onBlocked = AsyncResource.bind(onBlocked)
    if (inspector.url() !== undefined) return
    const data: ThreadData = {
      memory: this.#note.memory,
      key: this.#key,
      loopTimeoutMs: this.#loopTimeoutMs,
      identifier,
      folder: join(resolve(results), identifier),
      mode: resultsMode,
    }
    Reflect.set(globalThis, Symbol.for(this.#key), () => this.#breakOff())
    this.#beating = setInterval(() => this.#note.beat(), BEAT_MS).unref()
    this.#thread = new Worker(new URL('./watchdog-thread.js', import.meta.url), {
      workerData: data,
      execArgv: [],
    })
    this.#thread.unref()
    // Without it the case goes on, unwatched.
    this.#thread.on('error', () => undefined)
  }

  /** Notes which handlers of a context run. */
  follow(context: SeeContext): void {
    context.observe(new HandlerNote(this.#note))
  }

  [Symbol.dispose](): void {
    clearInterval(this.#beating)
    Reflect.deleteProperty(globalThis, Symbol.for(this.#key))
    // The thread may have it end a moment later; nothing waits for that.
    void this.#thread?.terminate()
  }

  /** Called by the thread, in the middle of what keeps the process busy. Returns whether that can be terminated now. */
  #breakOff(): boolean {
    const error = this.#blocked()
    // Not now: all that waits to run is dropped with what is terminated.
    setImmediate(() => this.#onBlocked(error))
    return leaveAsyncContexts(error)
  }

  #blocked(): SeeError {
    const before = Error.stackTraceLimit
    Error.stackTraceLimit = FRAMES
    const place = whereItLoops(new Error('here').stack ?? '')
    Error.stackTraceLimit = before
    const { owner, handler, event } = currentRun() ?? {}
    const known = event === undefined ? this.#note.text : `${handler} for "${event}"`
    const who = known.startsWith(owner ?? '') ? known : (owner ?? '')
    return new SeeError('EVENT_LOOP_BLOCKED', blockedMessage(who, this.#loopTimeoutMs, place))
  }
}

/** @param place where it was, empty where that is not known */
export function blockedMessage(who: string, forMs: number, place: string): string {
  const at = place === '' ? '' : `, in ${place}`
  return `${who || 'code outside of every hook'} kept the process busy for ${forMs / 1000} s${at}`
}
