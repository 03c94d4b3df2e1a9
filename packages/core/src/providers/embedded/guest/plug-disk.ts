import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rm, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { isQemuError, type QmpClient } from '@see/qemu'
import { SeeError } from '../../../common/errors.ts'
import type { AttachedDisk } from '../../../contract/attach-ability.ts'
import { FREE_PORTS } from '../qemu/qemu-arguments.ts'
import { orHypervisorFailed } from '../qemu/qemu-failure.ts'
import type { RunFolder } from '../folder/run-folder.ts'

const SECTOR_BYTES = 512
/** A guest may keep a disk; its file is removed with everything else then. */
const UNPLUG_MS = 5000
const RETRY_MS = 50

/** Plugs read-only disks into a running guest. */
export class DiskSlots {
  readonly #folder: RunFolder
  readonly #taken = new Set<string>()

  constructor(folder: RunFolder) {
    this.#folder = folder
  }

  /** A guest that is powered on has nothing plugged in. */
  clear(): void {
    this.#taken.clear()
  }

  /** @throws SeeError `STORAGE_FAILED` when all slots are taken, or QemuError */
  async plug(qmp: QmpClient, path: string): Promise<AttachedDisk> {
    const bus = FREE_PORTS.find((port) => !this.#taken.has(port))
    if (bus === undefined) {
      throw new SeeError(
        'STORAGE_FAILED',
        `a guest takes at most ${FREE_PORTS.length} disks; detach one first`,
      )
    }
    this.#taken.add(bus)
    // A virtio disk's serial number has 20 characters.
    const serial = `see${randomUUID().replaceAll('-', '').slice(0, 17)}`
    try {
      const contentBytes = await this.#copy(path, serial)
      const file = { driver: 'file', filename: this.#folder.of(serial), 'read-only': true }
      await qmp.execute('blockdev-add', { driver: 'raw', 'node-name': serial, 'read-only': true, file })
      await qmp.execute('device_add', { driver: 'virtio-blk-pci', id: serial, drive: serial, serial, bus })
      return { serial, contentBytes, detach: () => orHypervisorFailed(this.#unplug(qmp, serial, bus)) }
    } catch (error) {
      await qmp.execute('blockdev-del', { 'node-name': serial }).catch(() => undefined)
      await this.#free(serial, bus)
      throw error
    }
  }

  async #copy(path: string, name: string): Promise<number> {
    // Never by its name again, at which a taken-over QEMU may have put something else.
    await using target = await open(this.#folder.of(name), 'wx', 0o600)
    await writeFile(target, createReadStream(path))
    const { size } = await target.stat()
    await target.truncate(Math.max(1, Math.ceil(size / SECTOR_BYTES)) * SECTOR_BYTES)
    const { user } = this.#folder
    if (user !== undefined) await target.chown(user.uid, user.gid)
    return size
  }

  async #unplug(qmp: QmpClient, serial: string, bus: string): Promise<void> {
    await qmp.execute('device_del', { id: serial })
    for (const deadline = performance.now() + UNPLUG_MS; performance.now() < deadline; ) {
      try {
        await qmp.execute('blockdev-del', { 'node-name': serial })
        return await this.#free(serial, bus)
      } catch (error) {
        if (!isQemuError(error, 'QMP_REFUSED')) throw error
      }
      await sleep(RETRY_MS)
    }
  }

  async #free(serial: string, bus: string): Promise<void> {
    this.#taken.delete(bus)
    await rm(this.#folder.of(serial), { force: true })
  }
}
