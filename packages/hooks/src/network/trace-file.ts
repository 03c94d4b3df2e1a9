import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { messageOf, SeeError } from '@see/core'
import type { EvidenceEntry } from '../results/evidence-entry.ts'
import { evidenceModes } from '../results/evidence-file.ts'
import { ETHERNET, FILE_HEADER, MAGIC_NUMBER } from './pcap-cutter.ts'

/** A pcap file of Ethernet packets, written as they come. */
export class TraceFile {
  readonly entry: EvidenceEntry
  readonly #stream: WriteStream
  readonly #closed: Promise<unknown>
  #failure: SeeError | undefined

  private constructor(entry: EvidenceEntry, stream: WriteStream) {
    this.entry = entry
    this.#stream = stream
    stream.on('error', (error) => {
      this.#failure ??= unwritable(entry.path, error)
    })
    this.#closed = once(stream, 'close').catch(() => undefined)
  }

  /** @throws SeeError `RESULTS_UNWRITABLE`, also when there is such a file already */
  static async create(entry: EvidenceEntry, snapLength: number): Promise<TraceFile> {
    const { path } = entry
    const stream = createWriteStream(path, { flags: 'wx', mode: evidenceModes.file })
    try {
      await once(stream, 'open')
    } catch (error) {
      throw unwritable(path, error)
    }
    const file = new TraceFile(entry, stream)
    entry.begin()
    await file.write(fileHeader(snapLength))
    return file
  }

  /** Why not everything is in it; undefined as long as everything is. */
  get failure(): SeeError | undefined {
    return this.#failure
  }

  /** What cannot be written is lost; `failure` says so. */
  async write(bytes: Buffer): Promise<void> {
    if (bytes.length === 0 || this.#failure !== undefined) return
    this.entry.pass(bytes)
    if (this.#stream.write(bytes)) return
    await Promise.race([once(this.#stream, 'drain'), this.#closed]).catch(() => undefined)
  }

  async close(): Promise<void> {
    this.#stream.end()
    await this.#closed
  }
}

/** https://www.tcpdump.org/manpages/pcap-savefile.5.txt */
function fileHeader(snapLength: number): Buffer {
  const header = Buffer.alloc(FILE_HEADER)
  header.writeUInt32LE(MAGIC_NUMBER, 0)
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(snapLength, 16)
  header.writeUInt32LE(ETHERNET, 20)
  return header
}

function unwritable(path: string, error: unknown): SeeError {
  return new SeeError('RESULTS_UNWRITABLE', `the trace ${path} cannot be written: ${messageOf(error)}`, {
    cause: error,
  })
}
