import { addAbortSignal, Duplex, Readable, Writable } from 'node:stream'
import type { StreamChannel } from './stream-channel.ts'

type Callback = (error?: Error | null) => void

/** A channel and the connection it has for itself. */
export interface OpenStream {
  readonly channel: StreamChannel
  /** Closes the connection; does not reject. */
  release(): Promise<void>
  readonly signal: AbortSignal | undefined
}

/** What the daemon sends. 'end' means that it confirmed the end; destroying it earlier aborts the stream. */
export function readableOf(stream: OpenStream): Readable {
  const readable = new Readable({
    read: () => stream.channel.resume(),
    destroy: (error, callback) => releaseAfter(stream, error, callback),
  })
  listen(stream, readable, () => {})
  return abortable(stream, readable)
}

/** What goes to the daemon. 'finish' means that the daemon confirmed to have it all. */
export function writableOf(stream: OpenStream): Writable {
  let finished: Callback | undefined
  const writable = new Writable({
    write: (chunk: Buffer, _encoding, callback) => stream.channel.send(chunk, callback),
    final(callback) {
      finished = callback
      stream.channel.finish()
    },
    destroy: (error, callback) => releaseAfter(stream, error, callback),
  })
  stream.channel.attach({
    data() {},
    end: () => finished?.(),
    error: (error) => writable.destroy(error),
  })
  return abortable(stream, writable)
}

/**
 * Both directions at the same time. Ending our side leaves the daemon's open; the stream is over when the daemon
 * ends it.
 */
export function duplexOf(stream: OpenStream): Duplex {
  const duplex = new Duplex({
    read: () => stream.channel.resume(),
    write: (chunk: Buffer, _encoding, callback) => stream.channel.send(chunk, callback),
    destroy: (error, callback) => releaseAfter(stream, error, callback),
  })
  listen(stream, duplex, () => duplex.end())
  return abortable(stream, duplex)
}

function listen(stream: OpenStream, readable: Readable, onEnd: () => void): void {
  stream.channel.attach({
    data(chunk) {
      if (!readable.push(chunk)) stream.channel.pause()
    },
    end() {
      readable.push(null)
      onEnd()
    },
    error: (error) => readable.destroy(error),
  })
}

function abortable<T extends Readable | Writable>(stream: OpenStream, target: T): T {
  if (stream.signal !== undefined) addAbortSignal(stream.signal, target)
  return target
}

function releaseAfter(stream: OpenStream, error: Error | null, callback: Callback): void {
  stream.channel.abort()
  void stream.release().finally(() => callback(error))
}
