import type { Socket } from 'node:net'
import { AgentSync } from './agent-sync.ts'
import { connectSocket } from './connect-socket.ts'
import { before, type CallOptions } from './deadline.ts'
import { LineBuffer } from './line-buffer.ts'
import { QemuError } from './qemu-error.ts'

const LONGEST_REPLY_BYTES = 10 * 1024 * 1024
/** What may come before the answer to a synchronisation: a reply that came too late, and then some. */
const MOST_UNASKED_BYTES = LONGEST_REPLY_BYTES + 1024 * 1024
/** What an agent that is merely late may have sent meanwhile. */
const MOST_OF_A_SILENT_AGENT_BYTES = 64 * 1024
/** The same of an agent that sent more than that already, until it is in step again. */
const MOST_OF_A_FLOOD_BYTES = 256 * 1024

type Receiver = (chunk: Buffer) => void

/**
 * The guest agent behind QEMU's end of its channel, a Unix socket. One command at a time: who comes meanwhile waits. The
 * guest writes what comes back, and may write anything, at any time and without end: what comes unasked is not read before
 * the next command, which passes a bounded part of it over. The guest meanwhile waits.
 */
export class AgentSocket {
  readonly #path: string
  #turn: Promise<unknown> = Promise.resolve()
  #socket: Socket | undefined
  #receiver: Receiver | undefined
  #lost: ((error: QemuError) => void) | undefined
  /** Whether what comes next belongs to the command that is sent next. */
  #inStep = false
  #floods = false
  /** What came since the last synchronisation was begun that does not answer it, in bytes. */
  #unasked = 0

  constructor(path: string) {
    this.#path = path
  }

  /**
   * Sends a command and returns the reply, both JSON; the reply is not looked at.
   * @throws QemuError `AGENT_TIMEOUT`, `AGENT_PROTOCOL` or `AGENT_CLOSED`, or the signal's reason
   */
  command(command: string, { signal, timeoutMs = 10_000 }: CallOptions = {}): Promise<string> {
    return this.#inTurn({ signal, timeoutMs }, async () => {
      const lines = new LineBuffer(LONGEST_REPLY_BYTES)
      return await this.#exchange(Buffer.from(`${command}\n`), MOST_UNASKED_BYTES, (chunk) => {
        const [line, ...more] = lines.push(chunk)
        if (more.length > 0) this.#inStep = false
        return line?.toString('utf8')
      })
    })
  }

  /** Sends a command to which the agent does not reply when it carries it out, such as `guest-shutdown`. */
  async send(command: string, options: CallOptions = {}): Promise<void> {
    await this.#inTurn(options, async () => void this.#socket?.write(`${command}\n`))
    // It replies if it does not carry it out.
    this.#inStep = false
  }

  /** Connects, as the first command does otherwise. @throws the signal's reason */
  open(signal: AbortSignal): Promise<void> {
    const opened = this.#turn.then(() => this.#connect(signal))
    this.#turn = opened.catch(() => undefined)
    return opened
  }

  /** Resolves once what was asked is answered, or was given up. */
  async idle(): Promise<void> {
    await this.#turn
  }

  close(): void {
    this.#drop(new QemuError('AGENT_CLOSED', 'the channel to the guest agent was closed'))
  }

  #inTurn<Result>({ signal, timeoutMs = 10_000 }: CallOptions, work: () => Promise<Result>): Promise<Result> {
    const over = new AbortController()
    const mine = this.#turn.then(async () => {
      over.signal.throwIfAborted()
      await this.#connect(over.signal)
      if (!this.#inStep) await this.#synchronise(over.signal)
      return await Promise.race([work(), rejection(over.signal)])
    })
    const late = () =>
      this.#unasked > MOST_OF_A_SILENT_AGENT_BYTES
        ? new QemuError('AGENT_PROTOCOL', `the guest agent sent ${this.#flood(this.#unasked).message}`)
        : new QemuError(
            'AGENT_TIMEOUT',
            `the guest agent did not answer within ${timeoutMs} ms; is it running?`,
          )
    const bounded = before(mine, { signal, timeoutMs }, late).catch((error: unknown) => {
      over.abort(error)
      throw error
    })
    this.#turn = mine.catch(() => this.#loseStep())
    return bounded
  }

  async #connect(signal: AbortSignal): Promise<void> {
    if (this.#socket !== undefined) return
    const socket = await connectSocket(this.#path, signal)
    this.#socket = socket
    this.#inStep = false
    const closed = () => {
      if (this.#socket === socket) {
        this.#drop(new QemuError('AGENT_CLOSED', 'QEMU closed the channel to the guest agent'))
      }
    }
    socket.on('error', closed).on('close', closed)
    socket.on('data', (chunk) => {
      if (this.#receiver !== undefined) return this.#receiver(chunk)
      this.#inStep = false
      socket.pause()
    })
  }

  async #synchronise(signal: AbortSignal): Promise<void> {
    const sync = new AgentSync()
    const maxBytes = this.#floods ? MOST_OF_A_FLOOD_BYTES : MOST_UNASKED_BYTES
    this.#unasked = 0
    const answer = this.#exchange(sync.request, maxBytes, (chunk) => {
      this.#unasked += chunk.length
      return sync.push(chunk) ? true : undefined
    })
    await Promise.race([answer, rejection(signal)])
    this.#unasked = 0
    this.#inStep = true
    this.#floods = false
  }

  /** Sends a request and collects what comes, in all at most so many bytes, until `take` has made something of it. */
  async #exchange<Result>(
    request: Buffer,
    maxBytes: number,
    take: (chunk: Buffer) => Result | undefined,
  ): Promise<Result> {
    let bytes = 0
    return await new Promise<Result>((resolve, reject) => {
      this.#lost = reject
      this.#receiver = (chunk) => {
        try {
          const result = take(chunk)
          bytes += chunk.length
          if (result === undefined && bytes > maxBytes) throw this.#flood(bytes)
          if (result === undefined) return
          this.#receiver = undefined
          resolve(result)
        } catch (error) {
          this.#receiver = undefined
          this.#socket?.pause()
          const why = error instanceof Error ? error.message : String(error)
          reject(new QemuError('AGENT_PROTOCOL', `the guest agent sent ${why}`, { cause: error }))
        }
      }
      this.#socket?.resume()
      this.#socket?.write(request)
    })
  }

  #flood(bytes: number): RangeError {
    this.#floods = true
    return new RangeError(
      `${bytes} bytes without an answer to what it was asked; what else it sends is not read`,
    )
  }

  #loseStep(): void {
    this.#receiver = undefined
    this.#unasked = 0
    this.#lost = undefined
    this.#inStep = false
    // What the guest did not take would come before everything that is sent from now on.
    if ((this.#socket?.writableLength ?? 0) > 0) this.close()
  }

  #drop(error: QemuError): void {
    const socket = this.#socket
    this.#socket = undefined
    this.#inStep = false
    this.#receiver = undefined
    socket?.destroy()
    this.#lost?.(error)
    this.#lost = undefined
  }
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
