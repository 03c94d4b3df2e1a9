import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type AnyEvent,
  type ConsoleStream,
  evidenceWarning,
  Hook,
  messageOf,
  requireAbility,
  SeeError,
  z,
} from '@see/core'
import { evidenceModes } from '../results/evidence-file.ts'
import type { EvidenceEntry } from '../results/evidence-entry.ts'
import { EvidenceWriter } from '../results/evidence-writer.ts'
import { resultsKey } from '../results/results-key.ts'

const schema = z.object({
  results_folder: resultsKey('the logs'),
  console_limit: z
    .int()
    .positive()
    .max(1024 * 1024 * 1024)
    .default(16 * 1024 * 1024)
    .describe('Bytes that are kept of each run of the guest; that there were more is a warning.'),
})

/** In which a guest that is cut from its power is off. */
const STOP_MS = 2000
const OPEN_MS = 30_000
/** What is on its way when the environment ends has come once there is silence for so long. */
const SILENCE_MS = 100
const MOST_MS = 1000

const noConsole = evidenceWarning(
  'CONSOLE_MISSING',
  'what the guest says on its console',
  'the domain has no console; add <serial type="pty"/> to the devices of its XML, and console=ttyS0 to the command line of a Linux guest, to have one',
)

/** Writes what the guest says on its console into `<identifier>_console.log`, from each power-on to its end. */
export class ConsoleHook extends Hook<typeof schema> {
  static override readonly schema = schema
  readonly #evidence = new EvidenceWriter(this)
  #runs = 0

  async setup(): Promise<void> {
    const console = requireAbility(this.context, 'console', { for: 'ConsoleHook' })
    if (!(await console.isConfigured())) return await this.context.warn(noConsole)
    await this.#evidence.open()
    this.context.subscribeAsync('post_poweron', this.logConsole)
  }

  /** That the guest said more than is kept, and that its console closed while it ran on, are warnings. */
  readonly logConsole = async (event: AnyEvent): Promise<void> => {
    const run = ++this.#runs
    const path = this.#evidence.claim('console', { extensions: ['log'] }).path('log')
    const { signal } = this.context
    const console = await this.#open(run, signal)
    if (console === undefined) return
    const { console_limit: limit } = this.configuration
    const counted = { bytes: 0 }
    const log = this.#evidence.entry(path, { kind: 'console', event })
    let isBegun = false
    const file = createWriteStream(path, { flags: 'wx', mode: evidenceModes.file })
    file.once('open', () => {
      isBegun = true
      log.begin()
    })
    try {
      const source = untilSilent(console, signal)
      await pipeline(source, (chunks) => bounded(chunks, { limit, counted, log }), file)
    } catch (error) {
      // It may be opened only now.
      if (!file.closed) await once(file, 'close').catch(() => undefined)
      if (isBegun) log.end('incomplete')
      if (!isFileError(error)) throw error
      throw new SeeError(
        'RESULTS_UNWRITABLE',
        `the console log ${path} cannot be written: ${messageOf(error)}`,
        {
          cause: error,
        },
      )
    } finally {
      console.destroy()
    }
    this.logger.info({ path, bytes: counted.bytes }, 'console logged')
    const isCut = counted.bytes > limit
    if (isCut) {
      const why = `of the ${counted.bytes} bytes the first ${limit} are in ${path}; raise console_limit`
      await this.context.warn(evidenceWarning('CONSOLE_CUT', 'what the guest said last on its console', why))
      const measured = counted.bytes
      this.context.reportLimit({ limit: 'console_limit', bound: limit, measured, action: 'cut', detail: why })
    }
    const hasEnded = await this.#hasEnded(run, signal)
    log.end(isCut || !hasEnded ? 'incomplete' : 'complete')
    if (hasEnded) return
    const what = 'what the guest said on its console from then on'
    const why = `the console of ${path} closed while the guest ran on: another client took it, or the guest restarted it`
    await this.context.warn(evidenceWarning('CONSOLE_CLOSED', what, why))
  }

  /** Undefined when the guest, or the environment, has come to its end meanwhile. */
  async #open(run: number, signal: AbortSignal): Promise<ConsoleStream | undefined> {
    // What was opened outlives the signal.
    const opening = new AbortController()
    const abort = (): void => opening.abort(signal.reason)
    signal.addEventListener('abort', abort)
    try {
      signal.throwIfAborted()
      return await this.context.console.open({ signal: opening.signal, timeoutMs: OPEN_MS })
    } catch (error) {
      if (await this.#hasEnded(run, signal)) return undefined
      throw error
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  /** A guest that is just being stopped runs yet, to who asks. */
  async #hasEnded(run: number, signal: AbortSignal): Promise<boolean> {
    for (const deadline = Date.now() + STOP_MS; ; await sleep(50)) {
      if (signal.aborted || run !== this.#runs) return true
      if ((await this.context.state().catch(() => 'shutoff')) === 'shutoff') return true
      if (Date.now() > deadline) return false
    }
  }
}

/** As opposed to one of the console's connection. */
function isFileError(error: unknown): boolean {
  return error instanceof Error && 'path' in error
}

/** The end of the environment is an end like another for a console: what was on its way by then is kept. */
async function* untilSilent(console: ConsoleStream, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const end = (): void => void console.destroy()
  let silence: NodeJS.Timeout | undefined
  let most: NodeJS.Timeout | undefined
  const ending = (): void => {
    silence = setTimeout(end, SILENCE_MS)
    most = setTimeout(end, MOST_MS)
  }
  if (signal.aborted) ending()
  else signal.addEventListener('abort', ending)
  try {
    for await (const chunk of console) {
      silence?.refresh()
      yield chunk
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', ending)
    clearTimeout(silence)
    clearTimeout(most)
  }
}

/** Goes on reading beyond the limit, since a guest whose console is not read stalls. */
async function* bounded(
  source: AsyncIterable<Uint8Array>,
  {
    limit,
    counted,
    log,
  }: { readonly limit: number; readonly counted: { bytes: number }; readonly log: EvidenceEntry },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    const room = Math.max(0, limit - counted.bytes)
    counted.bytes += chunk.length
    if (room === 0) continue
    log.pass(chunk.subarray(0, room))
    yield chunk.subarray(0, room)
  }
}
