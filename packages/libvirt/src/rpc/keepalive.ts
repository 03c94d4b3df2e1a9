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

/** Pings a silent peer and says when it is dead. Any byte heard counts as an answer. */
export class Keepalive {
  readonly #options: KeepaliveOptions
  readonly #ping: () => void
  readonly #dead: (silenceMs: number) => void
  #timer: NodeJS.Timeout | undefined
  // Ticks rather than a clock: a process that was stopped for a minute must not declare its peer dead on waking.
  #silentTicks = 0

  constructor(options: KeepaliveOptions, ping: () => void, dead: (silenceMs: number) => void) {
    this.#options = options
    this.#ping = ping
    this.#dead = dead
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#tick(), this.#options.intervalMs).unref()
  }

  heard(): void {
    this.#silentTicks = 0
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
      this.#ping()
    }
  }
}
