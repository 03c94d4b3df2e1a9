import type { Duplex } from 'node:stream'
import { abortReason, onAbort, type SignalOptions } from '../common/abort.ts'
import { CallQueue } from './call-queue.ts'
import { decodeBody, encodeBody } from '../protocol/body.ts'
import { connectionClosed, daemonError, type ConnectionErrorCode } from '../common/connection-error.ts'
import { Keepalive, KEEPALIVE_PROGRAM, type KeepaliveOptions } from './keepalive.ts'
import { LibvirtError } from '../protocol/libvirt-error.ts'
import {
  encodePacket,
  MessageStatus,
  MessageType,
  PacketParser,
  type Header,
  type Packet,
} from '../protocol/packet.ts'
import { PendingCalls } from './pending-calls.ts'
import type { Call, StreamCall } from '../protocol/procedure.ts'
import { callTable, type ArgsOf, type CallName, type ResultOf } from '../protocol/procedure-types.ts'
import { resultIn } from '../protocol/result-in.ts'
import { StreamChannel } from './stream-channel.ts'

/** One below libvirtd's max_client_requests (5): at five it stops reading the connection, keepalive included. */
export const CALLS_IN_FLIGHT_MAX = 4
const CLOSE_PATIENCE_MS = 1000

interface InvokeOptions<R> extends SignalOptions {
  /** Runs as the call is sent. */
  readonly onSend?: ((serial: number) => void) | undefined
  /** Runs with the reply before the packet after it is looked at, so that no event slips in between. */
  readonly onResult?: ((result: R) => void) | undefined
  /** Runs when the daemon has answered, a call that was given up too. */
  readonly onAnswer?: (() => void) | undefined
}

/** Calls over one stream of bytes: matches replies to calls, answers pings, hands out events and stream packets. */
export class RpcConnection {
  /** Resolves when the connection ends: with the reason, or with undefined after {@link close}. */
  readonly closed: Promise<Error | undefined>
  /** Takes every event of the daemon, in order. */
  onEvent: (packet: Packet) => void = () => {}

  readonly #socket: Duplex
  /** The peer's address, for messages. */
  readonly #where: string
  readonly #parser = new PacketParser()
  readonly #queue = new CallQueue(CALLS_IN_FLIGHT_MAX)
  readonly #keepalive: Keepalive
  readonly #pending = new PendingCalls()
  readonly #waiting = new Set<(error: Error) => void>()
  readonly #channels = new Map<number, StreamChannel>()
  #failure: Error | undefined
  #resolveClosed: (reason: Error | undefined) => void = () => {}
  #closing: Promise<void> | undefined

  constructor(socket: Duplex, where: string, keepalive: KeepaliveOptions) {
    this.#socket = socket
    this.#where = where
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve))
    this.#keepalive = new Keepalive(
      keepalive,
      (header) => this.#send(header),
      (silenceMs) =>
        this.#lose('CONNECTION_LOST', `has been silent for ${silenceMs / 1000} s and is taken for dead`),
    )
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('error', (cause) => this.#lose('CONNECTION_LOST', `failed: ${cause.message}`, cause))
    socket.on('close', () => this.#lose('CONNECTION_LOST', 'closed the connection'))
  }

  /** Whether a call would be sent without waiting. */
  get hasPlace(): boolean {
    return this.#failure === undefined && this.#queue.hasPlace
  }

  /** Calls a procedure of the daemon by its name in the protocol. */
  call<N extends CallName>(
    name: N,
    args: ArgsOf<N>,
    options?: InvokeOptions<ResultOf<N>>,
  ): Promise<ResultOf<N>> {
    return this.#invoke(callTable[name], args, options)
  }

  /** Calls a procedure that opens a stream. */
  async openStream<A, R>(
    procedure: StreamCall<A, R>,
    args: A,
    options?: SignalOptions,
  ): Promise<{ result: R; channel: StreamChannel }> {
    let channel: StreamChannel | undefined
    const onSend = (serial: number): void => {
      const header = { program: procedure.program, procedure: procedure.number, serial }
      channel = new StreamChannel(this.#socket, header)
      this.#channels.set(serial, channel)
    }
    const result = await this.#invoke(procedure, args, { ...options, onSend })
    if (channel === undefined) throw new Error('a call was answered before it was sent')
    return { result, channel }
  }

  /** Pings the daemon from now on. Only for daemons that know keepalive, and not where the socket is paused. */
  startKeepalive(): void {
    if (this.#failure === undefined) this.#keepalive.start()
  }

  /** Says goodbye to the daemon, waits a second at most, and closes. Calls still waiting fail. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    if (this.#failure === undefined) {
      this.#end(connectionClosed(this.#where), undefined)
      await this.#sayGoodbye()
    }
    this.#socket.destroy()
  }

  #sayGoodbye(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, CLOSE_PATIENCE_MS)
      const done = (): void => {
        clearTimeout(timer)
        resolve()
      }
      this.#socket.once('close', done)
      this.#send(this.#pending.add({ ...callTable.CONNECT_CLOSE, settle: done }))
      this.#socket.resume()
    })
  }

  /** The reply is decoded here, in the caller's own chain of awaits: an error's stack then names the caller. */
  async #invoke<A, R>(procedure: Call<A, R>, args: A, options: InvokeOptions<R> = {}): Promise<R> {
    const packet = await this.#exchange(procedure, args, options)
    try {
      return resultIn(procedure, packet)
    } catch (error) {
      if (error instanceof LibvirtError) throw error
      const what = `answered procedure ${procedure.number} with bytes that make no sense`
      throw daemonError('PROTOCOL', this.#where, what, error)
    }
  }

  #exchange<A, R>(procedure: Call<A, R>, args: A, options: InvokeOptions<R>): Promise<Packet> {
    const { signal, onSend, onResult, onAnswer } = options
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) throw this.#failure
      if (signal?.aborted === true) throw abortReason(signal)
      const body = encodeBody(procedure.args, args)
      const leavePlace = this.#leavingPlace(onAnswer)
      const settle = (packet: Packet): void => {
        this.#waiting.delete(fail)
        stopListening()
        resolve(packet)
        if (onResult !== undefined && packet.status === MessageStatus.ok) {
          onResult(decodeBody(procedure.result, packet.body))
        }
        leavePlace()
      }
      const call = { ...procedure, settle }
      const leaveQueue = this.#queue.add(() => {
        if (this.#failure !== undefined) return
        const header = this.#pending.add(call)
        onSend?.(header.serial)
        this.#send(header, body)
      })
      const fail = (error: Error): void => {
        // If it was sent, it keeps its place until its reply comes: the daemon is still at work on it.
        call.settle = leavePlace
        this.#waiting.delete(fail)
        leaveQueue()
        stopListening()
        reject(error)
      }
      this.#waiting.add(fail)
      const stopListening = onAbort(signal, fail)
    })
  }

  /** Refers to nothing else of the call, whose reply may never come. */
  #leavingPlace(onAnswer: () => void = () => {}): () => void {
    return () => {
      this.#queue.done()
      onAnswer()
    }
  }

  #receive(chunk: Buffer): void {
    this.#keepalive.heard()
    this.#parser.push(chunk)
    try {
      for (let packet = this.#parser.next(); packet !== undefined; packet = this.#parser.next()) {
        this.#dispatch(packet)
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#lose('PROTOCOL', `broke the protocol: ${reason}`, error)
    }
  }

  #dispatch(packet: Packet): void {
    if (packet.program === KEEPALIVE_PROGRAM) return this.#keepalive.receive(packet)
    switch (packet.type) {
      case MessageType.reply:
      case MessageType.replyWithFds:
        return this.#dispatchReply(packet)
      case MessageType.event:
        return this.#failure === undefined ? this.onEvent(packet) : undefined
      case MessageType.stream:
      case MessageType.streamHole:
        // A stream that we gave up may still have packets on their way.
        return this.#channels.get(packet.serial)?.receive(packet)
      default:
        throw new Error(`a message of type ${packet.type} is not for a client`)
    }
  }

  #dispatchReply(packet: Packet): void {
    // After close() nothing waits for the replies to calls that were still running.
    if (!this.#pending.has(packet.serial) && this.#failure !== undefined) return
    this.#pending.settle(packet)
  }

  #send(header: Header, body?: Uint8Array): void {
    this.#socket.write(encodePacket(header, body))
  }

  #lose(code: ConnectionErrorCode, what: string, cause?: unknown): void {
    if (this.#failure !== undefined) return
    const error = daemonError(code, this.#where, what, cause)
    this.#end(error, error)
    this.#socket.destroy()
  }

  #end(failure: Error, reason: Error | undefined): void {
    this.#failure = failure
    this.#keepalive.stop()
    this.#pending.clear()
    for (const fail of this.#waiting) fail(failure)
    for (const channel of this.#channels.values()) channel.fail(failure)
    this.#channels.clear()
    this.#resolveClosed(reason)
  }
}
