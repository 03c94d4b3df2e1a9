import type { Socket } from 'node:net'
import { connectSocket } from './connect-socket.ts'
import { before, type CallOptions } from './deadline.ts'
import { LineBuffer } from './line-buffer.ts'
import { QemuError } from './qemu-error.ts'
import { parseQmpMessage, type QmpEvent, type QmpMessage } from './qmp-message.ts'

/** The longest that QEMU itself sends, a list of its whole language, is some 100 KiB. */
const LONGEST_LINE_BYTES = 4 * 1024 * 1024
const CONNECT_TIMEOUT_MS = 20_000
/** A host with other work may keep QEMU waiting. */
const ANSWER_TIMEOUT_MS = 30_000

interface Waiter {
  readonly command: string
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/** QEMU's monitor (QMP) at a Unix socket. */
export class QmpClient {
  /** Resolves with what was wrong when the connection ends. */
  readonly closed: Promise<QemuError>
  readonly #socket: Socket
  readonly #waiters = new Map<number, Waiter>()
  readonly #listeners = new Set<(event: QmpEvent) => void>()
  readonly #lines = new LineBuffer(LONGEST_LINE_BYTES)
  readonly #greeted: Promise<void>
  #greet: () => void = () => undefined
  #close: (error: QemuError) => void = () => undefined
  #end: QemuError | undefined
  #lastId = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    this.closed = new Promise((resolve) => void (this.#close = resolve))
    this.#greeted = new Promise((resolve) => void (this.#greet = resolve))
    socket.on('data', (chunk) => this.#receive(chunk))
    socket.on('error', (error) => this.#fail('QMP_CLOSED', `the monitor's socket failed: ${error.message}`))
    socket.on('close', () => this.#fail('QMP_CLOSED', 'QEMU closed the connection to its monitor'))
  }

  /**
   * Connects as soon as QEMU listens at `path`, and makes the monitor ready for commands.
   * @throws QemuError `QMP_TIMEOUT`, `QMP_CLOSED` or `QMP_PROTOCOL`, or the signal's reason
   */
  static async connect(
    path: string,
    { signal, timeoutMs = CONNECT_TIMEOUT_MS }: CallOptions = {},
  ): Promise<QmpClient> {
    signal?.throwIfAborted()
    const late = () => new QemuError('QMP_TIMEOUT', `no monitor answered at ${path} within ${timeoutMs} ms`)
    const over = new AbortController()
    const connecting = connectSocket(path, over.signal)
    try {
      const client = await before(
        connecting.then((socket) => QmpClient.#negotiate(socket, timeoutMs)),
        { signal, timeoutMs },
        late,
      )
      return client
    } catch (error) {
      over.abort()
      void connecting.then(
        (socket) => socket.destroy(),
        () => undefined,
      )
      throw error
    }
  }

  static async #negotiate(socket: Socket, timeoutMs: number): Promise<QmpClient> {
    const client = new QmpClient(socket)
    const end = await Promise.race([client.#greeted, client.closed])
    if (end !== undefined) throw end
    await client.execute('qmp_capabilities', {}, { timeoutMs })
    return client
  }

  /**
   * Has QEMU carry out a command.
   * @returns what it answers, which is not looked at here
   * @throws QemuError `QMP_REFUSED`, `QMP_TIMEOUT`, `QMP_CLOSED` or `QMP_PROTOCOL`, or the signal's reason. QEMU
   * carries out a command that was sent all the same
   */
  async execute(
    command: string,
    parameters: Readonly<Record<string, unknown>> = {},
    { signal, timeoutMs = ANSWER_TIMEOUT_MS }: CallOptions = {},
  ): Promise<unknown> {
    signal?.throwIfAborted()
    if (this.#end !== undefined) throw this.#endDuring(command, this.#end)
    const id = ++this.#lastId
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#waiters.set(id, { command, resolve, reject })
    })
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: parameters, id })}\n`)
    const late = () => new QemuError('QMP_TIMEOUT', `QEMU did not answer ${command} within ${timeoutMs} ms`)
    try {
      return await before(answer, { signal, timeoutMs }, late)
    } finally {
      this.#waiters.delete(id)
      answer.catch(() => undefined)
    }
  }

  /** Calls `listener` at each event, in their order, until the function that is returned is called. */
  onEvent(listener: (event: QmpEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  close(): void {
    this.#fail('QMP_CLOSED', 'the connection to the monitor was closed')
  }

  #receive(chunk: Buffer): void {
    try {
      for (const line of this.#lines.push(chunk)) {
        if (this.#end === undefined) this.#handle(parseQmpMessage(line))
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      this.#fail('QMP_PROTOCOL', `the monitor sent what is no message: ${why}`, error)
    }
  }

  #handle(message: QmpMessage): void {
    if (message.kind === 'greeting') return this.#greet()
    if (message.kind === 'event') {
      for (const listener of this.#listeners) listener(message.event)
      return
    }
    // An answer that is no longer waited for came after its deadline.
    const waiter = typeof message.id === 'number' ? this.#waiters.get(message.id) : undefined
    if (message.kind === 'return') return waiter?.resolve(message.value)
    const { class: kind, description } = message
    waiter?.reject(new QemuError('QMP_REFUSED', `QEMU refused ${waiter.command}: ${description} (${kind})`))
  }

  #fail(code: 'QMP_CLOSED' | 'QMP_PROTOCOL', message: string, cause?: unknown): void {
    if (this.#end !== undefined) return
    const end = new QemuError(code, message, { cause })
    this.#end = end
    this.#lines.clear()
    this.#socket.destroy()
    for (const { command, reject } of this.#waiters.values()) reject(this.#endDuring(command, end))
    this.#waiters.clear()
    this.#listeners.clear()
    this.#close(end)
  }

  #endDuring(command: string, end: QemuError): QemuError {
    return new QemuError(end.code, `${command} got no answer: ${end.message}`, { cause: end })
  }
}
