import { parseBoundedJson } from './bounded-json.ts'

/** An event that the monitor reports without a request. */
export interface QmpEvent {
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
  readonly timestampMs: number
}

export type QmpMessage =
  | { readonly kind: 'greeting' }
  | { readonly kind: 'event'; readonly event: QmpEvent }
  | { readonly kind: 'return'; readonly id: unknown; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: unknown; readonly class: string; readonly description: string }

/** @throws Error when it is none */
export function parseQmpMessage(line: Buffer): QmpMessage {
  const value = parseBoundedJson(line.toString('utf8'))
  if (!isObject(value)) throw new Error('it is no object')
  if ('QMP' in value) return { kind: 'greeting' }
  if (typeof value['event'] === 'string') {
    const { event, data, timestamp } = value
    return {
      kind: 'event',
      event: { event, data: isObject(data) ? data : {}, timestampMs: milliseconds(timestamp) },
    }
  }
  if ('return' in value) return { kind: 'return', id: value['id'], value: value['return'] }
  const { error, id } = value
  if (!isObject(error)) throw new Error('it is neither an event, nor an answer, nor an error')
  return {
    kind: 'error',
    id,
    class: text(error['class']),
    description: text(error['desc']),
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : 'unknown'
}

function milliseconds(timestamp: unknown): number {
  if (!isObject(timestamp)) return 0
  return Number(timestamp['seconds'] ?? 0) * 1000 + Number(timestamp['microseconds'] ?? 0) / 1000
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
