import { PassThrough } from 'node:stream'
import type { PacketCapture, RequestSource } from '../contract/capture-ability.ts'
import type { SinkholeListener, SinkholeRequest } from '../contract/entry.ts'
import type { Faults } from './faults.ts'

/** The header of a pcap file of Ethernet packets. */
const NO_PACKETS = Buffer.from('d4c3b2a1020004000000000000000000000004000100000000', 'hex').subarray(0, 24)

/** A capture; write to `packets` what the guest sends. */
export class SimulatedCapture implements PacketCapture {
  readonly packets = new PassThrough()
  readonly beganLate: boolean
  readonly loss: string | undefined

  constructor(packets: Uint8Array | undefined, { lateCapture = false, packetLoss }: Faults) {
    this.beganLate = lateCapture
    this.loss = packetLoss
    this.packets.write(packets ?? NO_PACKETS)
  }

  async stop(): Promise<void> {
    this.packets.end()
  }
}

/** A sinkhole to which the guest makes the given requests. */
export class SimulatedSinkhole implements RequestSource {
  readonly #first: readonly SinkholeRequest[]
  readonly #listeners = new Set<SinkholeListener>()

  /** @param requests come as soon as there is a listener */
  constructor(requests: readonly SinkholeRequest[]) {
    this.#first = requests
  }

  listen(listener: SinkholeListener): () => void {
    this.#listeners.add(listener)
    for (const request of this.#first) listener(request)
    return () => void this.#listeners.delete(listener)
  }

  /** Has the guest ask something. */
  ask(request: SinkholeRequest): void {
    for (const listener of this.#listeners) listener(request)
  }
}
