import { connect, type Socket } from 'node:net'
import { connectSocket } from '@see/qemu'
import { type NetworkConfiguration, parseTarget, type Target } from './network.ts'
import { sockets } from './qemu-arguments.ts'
import type { RunFolder } from './run-folder.ts'

const CONNECT_MS = 30_000

/**
 * What a guest sends to an address that it is allowed, carried to where that leads, and back. QEMU tells no connections
 * apart there: the guest's next bytes after the other side has closed open another connection.
 */
export class AllowanceRelay {
  readonly #guest: Socket
  readonly #target: Target
  #outside: Socket | undefined

  private constructor(guest: Socket, target: Target) {
    this.#guest = guest
    this.#target = target
    guest.on('data', (chunk) => this.#send(chunk))
    guest.on('error', () => undefined)
    guest.on('close', () => this.close())
  }

  static async open(path: string, target: Target, signal: AbortSignal): Promise<AllowanceRelay> {
    return new AllowanceRelay(await connectSocket(path, signal), target)
  }

  close(): void {
    this.#outside?.destroy()
    this.#guest.destroy()
  }

  #send(chunk: Buffer): void {
    const outside = this.#outside ?? this.#connect()
    if (outside.write(chunk)) return
    this.#guest.pause()
    outside.once('drain', () => this.#guest.resume())
  }

  #connect(): Socket {
    const outside = connect(this.#target.port, this.#target.host)
    this.#outside = outside
    outside.on('error', () => undefined)
    outside.on('close', () => {
      if (this.#outside === outside) this.#outside = undefined
      this.#guest.resume()
    })
    outside.on('data', (chunk) => {
      if (this.#guest.write(chunk)) return
      outside.pause()
      this.#guest.once('drain', () => outside.resume())
    })
    return outside
  }
}

/** One for each allowance of a guest that has just been started. */
export async function openRelays(
  folder: RunFolder,
  { mode, allow }: NetworkConfiguration,
): Promise<AllowanceRelay[]> {
  if (mode === 'none' || mode === 'sinkhole') return []
  const signal = AbortSignal.timeout(CONNECT_MS)
  return await Promise.all(
    allow.map(async ({ to }, index) => {
      const target = parseTarget(to)
      if (target === undefined) throw new Error(`${to} is no target`)
      return await AllowanceRelay.open(folder.of(sockets.allowance(index)), target, signal)
    }),
  )
}
