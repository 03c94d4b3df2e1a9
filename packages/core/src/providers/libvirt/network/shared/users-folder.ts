import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readlink, rm, symlink } from 'node:fs/promises'
import type { Server } from 'node:net'
import { join } from 'node:path'
import { seesDevice } from '../firewall/nftables.ts'
import { isAlive, sayAlive } from '../../../../ledger/living-process.ts'
import type { NetworkSlot } from '../address/network-slot.ts'

/**
 * Who uses a shared network: a folder with a socket for every process, and a link for every guest, named after its
 * address, that points at its process and its interface; and a link that names the network's bridge. Links are made whole or
 * not at all, and only once.
 */
export class UsersFolder {
  readonly path: string
  readonly #guests: string
  readonly #processes: string
  readonly #bridge: string
  readonly #self = randomUUID().slice(0, 8)
  #server: Server | undefined

  constructor(path: string) {
    this.path = path
    this.#guests = join(path, 'guests')
    this.#processes = join(path, 'processes')
    this.#bridge = join(path, 'bridge')
  }

  /** Puts this process among the users. The network's lock has to be held, as for `leave`, `isUsed` and `remove`. */
  async enter(): Promise<void> {
    for (const folder of [this.#guests, this.#processes])
      await mkdir(folder, { recursive: true, mode: 0o700 })
    this.#server = await sayAlive(join(this.#processes, this.#self))
  }

  async leave(): Promise<void> {
    await new Promise((closed) =>
      this.#server === undefined ? closed(undefined) : this.#server.close(closed),
    )
    await rm(join(this.#processes, this.#self), { force: true })
  }

  /** Records the bridge of the network that is about to be made. The lock has to be held. */
  async recordBridge(name: string): Promise<void> {
    await rm(this.#bridge, { force: true })
    await symlink(name, this.#bridge)
  }

  /** The recorded bridge; undefined before there was one. */
  async bridge(): Promise<string | undefined> {
    return await readlink(this.#bridge).catch(() => undefined)
  }

  /** Takes a place for a guest of this process. @returns false when another was quicker */
  async take({ address, device }: NetworkSlot): Promise<boolean> {
    try {
      await symlink(`${this.#self} ${device}`, join(this.#guests, address))
      return true
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
      throw error
    }
  }

  async giveBack({ address }: NetworkSlot): Promise<void> {
    await rm(join(this.#guests, address), { force: true })
  }

  /** The addresses of all guests. */
  async taken(): Promise<Set<string>> {
    return new Set(await readdir(this.#guests))
  }

  /**
   * Whether there is a process that lives, or a guest that runs though its process is gone. What others left behind is
   * swept away.
   */
  async isUsed(): Promise<boolean> {
    const { isUsed, dead } = await this.look()
    for (const path of dead) await rm(path, { force: true })
    return isUsed
  }

  /** The same, without the lock and without sweeping; `dead` is what would be. */
  async look(): Promise<{ readonly isUsed: boolean; readonly dead: readonly string[] }> {
    const dead: string[] = []
    const alive = new Set<string>()
    for (const name of await namesIn(this.#processes)) {
      const path = join(this.#processes, name)
      if (await isAlive(path)) alive.add(name)
      else dead.push(path)
    }
    let guests = 0
    for (const name of await namesIn(this.#guests)) {
      const path = join(this.#guests, name)
      const [process = '', device = ''] = (await readlink(path).catch(() => '')).split(' ')
      if (alive.has(process) || (device !== '' && (await seesDevice(device)))) guests++
      else dead.push(path)
    }
    return { isUsed: alive.size > 0 || guests > 0, dead }
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true })
  }
}

/** None of a folder that is not there. */
function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => [])
}
