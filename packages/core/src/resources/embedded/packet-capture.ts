import { once } from 'node:events'
import { PassThrough, type Readable } from 'node:stream'
import { isQemuError, type QemuProcess } from '@see/qemu'
import type { PacketCapture } from '../../resources.ts'
import { within } from '../../within.ts'
import { NETDEV } from './qemu-arguments.ts'
import { QemuPipe } from './qemu-pipe.ts'
import type { RunFolder } from './run-folder.ts'

const HEADER_BYTES = 24
const ETHERNET = 1
/** A pipe holds little: who still reads is done by then. */
const READ_MS = 5000

/** What passes a guest's interface, by QEMU's own filter, as one pcap stream however often the guest is powered on. */
export class EmbeddedCapture implements PacketCapture {
  readonly packets = new PassThrough()
  readonly #folder: RunFolder
  readonly #id: string
  readonly #snapLength: number
  #attached:
    | { readonly qemu: QemuProcess; readonly pipe: QemuPipe; readonly copied: Promise<void> }
    | undefined

  constructor(folder: RunFolder, id: string, snapLength: number) {
    this.#folder = folder
    this.#id = id
    this.#snapLength = snapLength
    this.packets.write(pcapHeader(snapLength))
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
    this.#attached = { qemu, pipe, copied: this.#copy(pipe.source) }
  }

  async detach(): Promise<void> {
    const attached = this.#attached
    if (attached === undefined) return
    this.#attached = undefined
    const { qemu, pipe, copied } = attached
    try {
      if (qemu.isRunning) await qemu.qmp.execute('object-del', { id: this.#id })
      await within(READ_MS, copied, () => new Error('nobody reads')).catch(() => this.packets.destroy())
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

  /** All but the header that QEMU begins with each time. Nobody reads any more once the stream is destroyed. */
  async #copy(source: Readable): Promise<void> {
    let header = HEADER_BYTES
    try {
      for await (const chunk of source) {
        const packets: Buffer = chunk.subarray(header)
        header -= chunk.length - packets.length
        if (packets.length === 0 || this.packets.destroyed) continue
        if (!this.packets.write(packets))
          await Promise.race([once(this.packets, 'drain'), closing(this.packets)])
      }
    } catch {
      // The pipe was removed, since QEMU ended.
    }
  }
}

async function closing(stream: Readable): Promise<void> {
  if (!stream.destroyed) await new Promise((resolve) => void stream.once('close', resolve))
}

/** https://www.tcpdump.org/manpages/pcap-savefile.5.txt */
function pcapHeader(snapLength: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(snapLength, 16)
  header.writeUInt32LE(ETHERNET, 20)
  return header
}
