import { type EventRecord, type HandlerRun, SeeEvent } from '@see/core'
import { expect, test } from 'vitest'
import { HandlerNote } from './handler-note.ts'
import { SharedNote } from './shared-note.ts'

test('notes the handler that began last and has not ended, for another thread to read', () => {
  const note = new SharedNote()
  const other = new SharedNote(note.memory)
  const handlers = new HandlerNote(note)
  const record: EventRecord = { sequence: 1, event: SeeEvent.create('go'), handlers: [] }
  const outer: HandlerRun = { handler: 'Hook.outer', asynchronous: false }
  const inner: HandlerRun = { handler: `Hook.${'ü'.repeat(2000)}`, asynchronous: true }
  expect(other.text).toBe('')
  handlers.handlerStarted(record, outer)
  handlers.handlerStarted(record, inner)
  expect([other.text.startsWith('Hook.üü'), Buffer.byteLength(other.text) <= 1024]).toEqual([true, true])
  handlers.handlerEnded(record, inner)
  expect(other.text).toBe('Hook.outer for "go"')
  handlers.handlerEnded(record, outer)
  note.beat()
  expect([other.text, other.beats]).toEqual(['', 1])
})
