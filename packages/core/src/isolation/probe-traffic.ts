import type { SinkholeRequest } from '../contract/entry.ts'
import type { Attempt } from './attempt.ts'
import type { ListenerPorts } from './attempts.ts'

interface Tried {
  readonly token: string
  readonly name: string
  readonly ports: ListenerPorts
  readonly attempts: readonly Attempt[]
}

/** What distinguishes the packets of a probe from those of the sample. */
export class ProbeTraffic {
  /** The name that it looks up: that of no other probe. */
  readonly name: string
  /** In milliseconds since the epoch. */
  readonly from = Date.now()
  readonly #began = performance.now()
  #durationMs: number | undefined
  readonly #token: string
  readonly #ports: ListenerPorts
  readonly #tried: ReadonlySet<string>

  constructor({ token, name, ports, attempts }: Tried) {
    this.name = name
    this.#token = token
    this.#ports = ports
    this.#tried = new Set(attempts.map(({ address, port }) => endOf(address, port)))
  }

  /** The probe is over. */
  end(): void {
    this.#durationMs ??= performance.now() - this.#began
  }

  get isOver(): boolean {
    return this.#durationMs !== undefined
  }

  /** How long it took so far, in milliseconds. */
  get durationMs(): number {
    return this.#durationMs ?? performance.now() - this.#began
  }

  /** In milliseconds since the epoch; when it is not over, now. */
  get to(): number {
    return Math.round(this.from + this.durationMs)
  }

  /** Whether a port is one that SEE had open for this probe only. */
  isOurPort(port: number): boolean {
    return port === this.#ports.tcp || port === this.#ports.udp
  }

  /** Whether it connected there. */
  hasTried(address: string, port: number): boolean {
    return this.#tried.has(endOf(address, port))
  }

  /** Whether a request to the sinkhole is the probe's; those to what others reach as well only as long as it runs. */
  hasAsked(request: SinkholeRequest): boolean {
    if (request.kind === 'dns') return request.name === this.name
    if (request.kind === 'data') return request.first_text.startsWith(this.#token)
    if (request.kind !== 'tcp') return false
    return this.isOurPort(request.port) || (!this.isOver && this.hasTried(request.address, request.port))
  }
}

function endOf(address: string, port: number): string {
  return `${address} ${port}`
}
