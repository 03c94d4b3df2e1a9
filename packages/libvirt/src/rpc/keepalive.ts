import { MessageType, type Header, type Packet } from '../protocol/packet.ts'

/** Facts: virkeepaliveprotocol.x of libvirt. */
export const KEEPALIVE_PROGRAM = 0x6b65_6570
export const KEEPALIVE_PING = 1
export const KEEPALIVE_PONG = 2

export interface KeepaliveOptions {
  /** Silence after which a ping is sent. libvirt's own default is 5 s. */
  readonly intervalMs: number
  /** Unanswered pings after which the peer is dead. libvirt's own default is 5. */
  readonly count: number
}

/** Pings a silent peer, reports when it is dead, and answers its pings. Any byte heard counts as an answer. */
export class Keepalive {
  readonly #options: KeepaliveOptions
  readonly #send: (header: Header) => void
  readonly #dead: (silenceMs: number) => void
  #timer: NodeJS.Timeout | undefined
  // Ticks rather than a clock: a process that was stopped for a minute must not declare its peer dead on waking.
  #silentTicks = 0

  constructor(options: KeepaliveOptions, send: (header: Header) => void, dead: (silenceMs: number) => void) {
    this.#options = options
    this.#send = send
    this.#dead = dead
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#tick(), this.#options.intervalMs).unref()
  }

  heard(): void {
    this.#silentTicks = 0
  }

  /** Takes a packet of the keepalive program. */
  receive({ procedure }: Packet): void {
    if (procedure === KEEPALIVE_PING) this.#sendProcedure(KEEPALIVE_PONG)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #tick(): void {
    this.#silentTicks++
    const { intervalMs, count } = this.#options
    if (this.#silentTicks > count) {
      this.stop()
      this.#dead(this.#silentTicks * intervalMs)
    } else {
      this.#sendProcedure(KEEPALIVE_PING)
    }
  }

  #sendProcedure(procedure: number): void {
    this.#send({ program: KEEPALIVE_PROGRAM, procedure, type: MessageType.event, serial: 0, status: 0 })
  }
}
