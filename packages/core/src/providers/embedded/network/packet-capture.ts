import { once } from 'node:events'
import { PassThrough, type Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { isQemuError, type QemuProcess } from '@see/qemu'
import { messageOf } from '../../../common/errors.ts'
import type { PacketCapture } from '../../../contract/capture-ability.ts'
import { withTimeout } from '../../../common/with-timeout.ts'
import { PCAP_HEADER_BYTES, pcapHeader } from '../../sinkhole/pcap-header.ts'
import { NETDEV } from '../qemu/qemu-arguments.ts'
import { QemuPipe } from '../qemu/qemu-pipe.ts'
import type { RunFolder } from '../folder/run-folder.ts'

/** A pipe holds little: who still reads is done by then. */
const READ_MS = 5000
/** Between the end of QEMU's files and its own. */
const END_MS = 2000

/** What passes a guest's interface, by QEMU's own filter, as one pcap stream however often the guest is powered on. */
export class EmbeddedCapture implements PacketCapture {
  readonly packets = new PassThrough()
  readonly beganLate: boolean
  #loss: string | undefined
  readonly #folder: RunFolder
  readonly #id: string
  readonly #snapLength: number
  #attached:
    | { readonly qemu: QemuProcess; readonly pipe: QemuPipe; readonly copied: Promise<void> }
    | undefined

  /** @param beganLate whether the guest has run already */
  constructor(folder: RunFolder, id: string, snapLength: number, beganLate: boolean) {
    this.beganLate = beganLate
    this.#folder = folder
    this.#id = id
    this.#snapLength = snapLength
    this.packets.write(pcapHeader(snapLength))
  }

  get loss(): string | undefined {
    return this.#loss
  }

  /** Lets everything from now on that passes a guest's interface into the stream. */
  async attach(qemu: QemuProcess): Promise<void> {
    await this.detach()
    const pipe = await QemuPipe.make(this.#folder, this.#id)
    try {
      await qemu.qmp.execute('object-add', {
        'qom-type': 'filter-dump',
        id: this.#id,
        netdev: NETDEV,
        file: pipe.path,
        maxlen: this.#snapLength,
      })
    } catch (error) {
      await pipe.remove()
      throw error
    }
    pipe.opened()
    const copied = this.#copy(pipe.source)
    this.#attached = { qemu, pipe, copied }
    void copied.then(() => this.#assertEnded(qemu, pipe))
  }

  async detach(): Promise<void> {
    const attached = this.#attached
    if (attached === undefined) return
    this.#attached = undefined
    const { qemu, pipe, copied } = attached
    try {
      if (qemu.isRunning) await qemu.qmp.execute('object-del', { id: this.#id })
      await withTimeout(READ_MS, copied, () => new Error('the packets are not read')).catch(
        (error: unknown) => {
          this.#loss ??= `its last packets were not read within ${READ_MS} ms: ${messageOf(error)}`
          this.packets.destroy()
        },
      )
    } catch (error) {
      if (!isQemuError(error)) throw error
    } finally {
      await pipe.remove()
    }
  }

  async stop(): Promise<void> {
    await this.detach()
    this.packets.end()
  }

  /** QEMU's filter ends its file without a word when it cannot be written; a QEMU that ends closes it first. */
  async #assertEnded(qemu: QemuProcess, pipe: QemuPipe): Promise<void> {
    if (this.#attached?.pipe !== pipe) return
    await Promise.race([qemu.ended, sleep(END_MS, undefined, { ref: false })])
    if (qemu.isRunning) this.#loss ??= 'QEMU stopped writing packets while the guest ran'
  }

  /** All but the header that QEMU begins with each time. There is no reader any more once the stream is destroyed. */
  async #copy(source: Readable): Promise<void> {
    let header = PCAP_HEADER_BYTES
    try {
      for await (const chunk of source) {
        const packets: Buffer = chunk.subarray(header)
        header -= chunk.length - packets.length
        if (packets.length === 0 || this.packets.destroyed) continue
        if (!this.packets.write(packets)) await drainedOrClosed(this.packets)
      }
    } catch (error) {
      // Removing the pipe ends it, when QEMU has ended.
      if (this.#attached?.pipe.source === source)
        this.#loss ??= `QEMU's packets cannot be read: ${messageOf(error)}`
    }
  }
}

/** Listens no longer than it waits: a busy guest has it wait often. */
async function drainedOrClosed(stream: PassThrough): Promise<void> {
  if (stream.destroyed) return
  const done = new AbortController()
  const either = ['drain', 'close'].map((name) => once(stream, name, { signal: done.signal }))
  await Promise.race(either).finally(() => done.abort())
  await Promise.allSettled(either)
}
