import type { Socket } from 'node:net'
import { AgentSync } from './agent-sync.ts'
import { connectSocket } from './connect-socket.ts'
import { before, type CallOptions } from './deadline.ts'
import { LineBuffer } from './line-buffer.ts'
import { QemuError } from './qemu-error.ts'

const LONGEST_REPLY_BYTES = 10 * 1024 * 1024

type Receiver = (chunk: Buffer) => void

/**
 * The guest agent behind QEMU's end of its channel, a Unix socket. One command at a time: who comes meanwhile waits. The
 * guest writes what comes back, and may write anything.
 */
export class AgentSocket {
  readonly #path: string
  #turn: Promise<unknown> = Promise.resolve()
  #socket: Socket | undefined
  #receiver: Receiver | undefined
  #lost: ((error: QemuError) => void) | undefined
  /** Whether what comes next belongs to the command that is sent next. */
  #inStep = false

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
      return await this.#exchange(Buffer.from(`${command}\n`), (chunk) => {
        return lines
          .push(chunk)
          .find((line) => line.length > 0)
          ?.toString('utf8')
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
      new QemuError('AGENT_TIMEOUT', `the guest agent did not answer within ${timeoutMs} ms; is it running?`)
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
      if (this.#receiver === undefined) this.#inStep = false
      else this.#receiver(chunk)
    })
  }

  async #synchronise(signal: AbortSignal): Promise<void> {
    const sync = new AgentSync()
    const answer = this.#exchange(sync.request, (chunk) => (sync.push(chunk) ? true : undefined))
    await Promise.race([answer, rejection(signal)])
    this.#inStep = true
  }

  /** Sends a request and collects what comes until `take` has made something of it. */
  async #exchange<Result>(request: Buffer, take: (chunk: Buffer) => Result | undefined): Promise<Result> {
    return await new Promise<Result>((resolve, reject) => {
      this.#lost = reject
      this.#receiver = (chunk) => {
        try {
          const result = take(chunk)
          if (result === undefined) return
          this.#receiver = undefined
          resolve(result)
        } catch (error) {
          this.#receiver = undefined
          const why = error instanceof Error ? error.message : String(error)
          reject(new QemuError('AGENT_PROTOCOL', `the guest agent sent ${why}`, { cause: error }))
        }
      }
      this.#socket?.write(request)
    })
  }

  #loseStep(): void {
    this.#receiver = undefined
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
