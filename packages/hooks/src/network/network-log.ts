import { escapedJson, escapeText } from '../results/escape-text.ts'
import { LineFile } from '../results/line-file.ts'
import type { Packet } from './packet.ts'
import type { PacketSink } from './packet-lines.ts'

/** Writes a log of the packets, a line each: as text, or as a JSON array of objects. */
export class NetworkLog implements PacketSink {
  readonly #file: LineFile
  readonly #format: 'text' | 'json'
  /** Only the next entry, or the end, decides whether a comma follows. */
  #last: string | undefined

  /** @param pass gets the bytes of the log */
  constructor(path: string, format: 'text' | 'json', pass: (bytes: Uint8Array) => void) {
    this.#file = new LineFile(path, pass)
    this.#format = format
    if (format === 'json') this.#file.append('[')
  }

  add(packet: Packet): void {
    if (this.#format === 'text') return this.#file.append(textOf(packet))
    if (this.#last !== undefined) this.#file.append(`${this.#last},`)
    this.#last = escapedJson(entryOf(packet))
  }

  /** The summary says that it is truncated. */
  skip(): void {}

  end(): void {
    if (this.#last !== undefined) this.#file.append(this.#last)
    if (this.#format === 'json') this.#file.append(']')
  }

  [Symbol.dispose](): void {
    this.#file.close()
  }
}

function textOf(packet: Packet): string {
  const { number, time, source, destination, protocol, length, info } = entryOf(packet)
  const text = `${time} ${source} → ${destination} ${protocol} ${length} ${info}`
  return `${String(number).padStart(5)} ${escapeText(text, 8192)}`
}

function entryOf(packet: Packet) {
  return {
    number: packet.number('frame.number'),
    /** Seconds since the epoch. */
    time: packet.first('frame.time_epoch') ?? '',
    source: packet.first('_ws.col.Source') ?? '',
    destination: packet.first('_ws.col.Destination') ?? '',
    protocol: packet.first('_ws.col.Protocol') ?? '',
    /** Bytes on the wire. */
    length: packet.number('frame.len'),
    info: (packet.first('_ws.col.Info') ?? '').trim(),
  }
}
