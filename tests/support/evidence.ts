import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { basename, join } from 'node:path'

interface TimelineLine {
  readonly type: 'event' | 'handler'
  readonly sequence: number
  readonly parent?: number
  readonly name: string
  readonly attributes: Record<string, unknown>
  readonly handlers: readonly { readonly error?: unknown }[]
  readonly error?: unknown
}

/** What a `see run` left in a folder. */
export class Evidence {
  readonly folder: string
  readonly identifier: string

  constructor(folder: string) {
    this.folder = folder
    this.identifier = basename(folder)
  }

  /** @param name what follows the identifier in the name of the file */
  path(name: string): string {
    return join(this.folder, `${this.identifier}${name}`)
  }

  read(name: string): Buffer {
    return readFileSync(this.path(name))
  }

  json(name: string) {
    return JSON.parse(this.read(name).toString())
  }

  lines(name: string): string[] {
    return this.read(name).toString().trim().split('\n')
  }

  timeline(): TimelineLine[] {
    return this.lines('_timeline.jsonl').map((line) => JSON.parse(line))
  }

  /** In the order in which they were fired. */
  events(): TimelineLine[] {
    return this.timeline()
      .filter(({ type }) => type === 'event')
      .toSorted((a, b) => a.sequence - b.sequence)
  }

  /** The guest's address, as the timeline has it. */
  guestAddress(): string {
    return String(this.events().find(({ name }) => name === 'ip_address')?.attributes['address'])
  }
}

/** A part of a file that may be large. */
export function bytesAt(path: string, offset: number, length: number): string {
  const buffer = Buffer.alloc(length)
  const descriptor = openSync(path, 'r')
  readSync(descriptor, buffer, 0, length, offset)
  closeSync(descriptor)
  return buffer.toString('latin1')
}
