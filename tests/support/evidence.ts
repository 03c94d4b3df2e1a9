import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type EventLine, parseTimeline, type TimelineLine } from '@see/evidence'

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

  timeline(): readonly TimelineLine[] {
    const { lines, missing } = parseTimeline(this.read('_timeline.jsonl'))
    if (missing.length > 0) throw new Error(missing.join('; '))
    return lines
  }

  /** In the order in which they were fired. */
  events(): EventLine[] {
    return this.timeline().filter((line) => line.type === 'event')
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
