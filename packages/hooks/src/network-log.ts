import { escapedJson, escapeText } from './escape-text.ts'
import type { Packet } from './packet.ts'

/** A log of the packets, a line each: as text, or as a JSON array of objects. */
export function networkLog(packets: readonly Packet[], format: 'text' | 'json'): string {
  if (format === 'text') return packets.map((packet) => `${textOf(packet)}\n`).join('')
  return `[\n${packets.map((packet) => escapedJson(entryOf(packet))).join(',\n')}\n]\n`
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
