import type { Duplex } from 'node:stream'

/** QEMU's stream sockets put the length of each frame before it, in four bytes. */
const LENGTH_BYTES = 4
/** Longer than any frame of a guest without offloads. */
const MOST_FRAME_BYTES = 70_000
/** Frames handled in one interval. A guest that sends more waits: QEMU holds its card. */
const MOST_FRAMES = 1000
const INTERVAL_MS = 50
/** Bytes that may wait for QEMU to read them. */
const MOST_WAITING_BYTES = 1024 * 1024

/** Ethernet frames to and from one guest over a socket of QEMU. Everything that comes is the guest's making. */
export class FrameLink {
  readonly #socket: Duplex
  readonly #mostWaiting: number
  #rest: Buffer = Buffer.alloc(0)
  #handled = 0
  #since = 0
  #resting: NodeJS.Timeout | undefined

  /** @param mostWaiting bytes that may wait for QEMU to read them; frames beyond that are dropped, as by any network */
  constructor(socket: Duplex, onFrame: (frame: Buffer) => void, mostWaiting = MOST_WAITING_BYTES) {
    this.#socket = socket
    this.#mostWaiting = mostWaiting
    socket.on('error', () => undefined)
    socket.on('close', () => clearTimeout(this.#resting))
    socket.on('data', (chunk: Buffer) => {
      this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
      this.#handle(onFrame)
    })
  }

  send(frame: Buffer): void {
    if (this.#socket.destroyed || this.#socket.writableLength > this.#mostWaiting) return
    const length = Buffer.alloc(LENGTH_BYTES)
    length.writeUInt32BE(frame.length)
    this.#socket.write(Buffer.concat([length, frame]))
  }

  close(): void {
    clearTimeout(this.#resting)
    this.#socket.destroy()
  }

  #handle(onFrame: (frame: Buffer) => void): void {
    const now = performance.now()
    if (now - this.#since >= INTERVAL_MS) [this.#since, this.#handled] = [now, 0]
    let read = 0
    while (this.#rest.length >= read + LENGTH_BYTES) {
      if (this.#handled >= MOST_FRAMES) {
        this.#pause(onFrame)
        break
      }
      const length = this.#rest.readUInt32BE(read)
      if (length > MOST_FRAME_BYTES) return this.close()
      const end = read + LENGTH_BYTES + length
      if (end > this.#rest.length) break
      this.#handled++
      onFrame(this.#rest.subarray(read + LENGTH_BYTES, end))
      read = end
    }
    this.#rest = this.#rest.subarray(read)
  }

  /** Reads no more until the interval is over, so that a flood leaves this process its time. */
  #pause(onFrame: (frame: Buffer) => void): void {
    if (this.#resting !== undefined) return
    this.#socket.pause()
    this.#resting = setTimeout(() => {
      this.#resting = undefined
      this.#handle(onFrame)
      if (this.#resting === undefined) this.#socket.resume()
    }, INTERVAL_MS)
  }
}
