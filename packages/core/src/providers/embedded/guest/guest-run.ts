import type { QemuEnd, QemuProcess, QmpEvent } from '@see/qemu'
import { messageOf } from '../../../common/errors.ts'
import type { Logger } from '../../../common/logger.ts'
import type { GuestEnds } from '../../../contract/guest-ends.ts'
import type { LimitReached } from '../../../contract/limit-reached.ts'
import { freeMib, hostRoomGauge, hostRoomReached } from '../../limits/host-room.ts'
import { LimitWatch } from '../../limits/limit-watch.ts'
import type { EmbeddedConfiguration } from '../configuration/configuration.ts'
import type { RunFolder } from '../folder/run-folder.ts'
import { diskRateGauges } from './disk-rate.ts'
import { guestEndOf } from '../qemu/qemu-end.ts'

const TOO_LARGE = 'its disk exceeded limits.disk_mib'
/** The signal of a process whose CPU time is over. */
const CPU_SIGNAL = 'SIGXCPU'
const PANICKED = 'the kernel of the guest panicked'
const REBOOTED = 'the guest restarted its machine'

export interface RunParts {
  readonly folder: RunFolder
  readonly logger: Logger
  readonly ends: GuestEnds
  readonly limits: EmbeddedConfiguration['limits']
}

/** One QEMU from its start to its end: what its events mean for the guest, and how the guest ended. */
export class GuestRun {
  readonly qemu: QemuProcess
  /** Whether the guest is restarted when it powers itself off. */
  isRebooting = false
  readonly #parts: RunParts
  readonly #watch: LimitWatch
  #exceeded = false
  #lacksRoom = false

  constructor(qemu: QemuProcess, parts: RunParts) {
    this.qemu = qemu
    this.#parts = parts
    const { folder, limits, logger } = parts
    const pause = async (reached: LimitReached): Promise<void> => await this.#runsShort(reached)
    const room = hostRoomGauge({ folder: folder.path, reserveMib: limits.host_disk_mib, pause })
    const rates = diskRateGauges(qemu, limits, (reached) => parts.ends.limitReached(reached))
    this.#watch = new LimitWatch([room, ...rates], logger)
    this.#watch.start()
  }

  /** Whether the guest is paused because this host has no room for what it writes. */
  get lacksRoom(): boolean {
    return this.#lacksRoom
  }

  /** Handles an event of QEMU's monitor; a failure is logged. */
  async handle({ event, data }: QmpEvent): Promise<void> {
    this.#parts.logger.debug({ event, data }, 'QEMU')
    try {
      if (event === 'BLOCK_IO_ERROR') await this.#diskFailed(data)
      if (event === 'RESUME') this.#lacksRoom = false
      if (event === 'GUEST_PANICKED') this.#panicked()
      if (event === 'RESET' && data.guest === true) this.#parts.ends.rebooted(REBOOTED)
      if (event === 'SHUTDOWN' && this.isRebooting) await this.#restart()
    } catch (error) {
      this.#parts.logger.error({ err: error }, `after QEMU’s event ${event}: ${messageOf(error)}`)
    }
  }

  /** Reports how the guest ended, once QEMU has. */
  end(end: QemuEnd): void {
    void this.#watch.stop()
    const failure = this.qemu.failure()
    if (failure !== undefined) this.#parts.logger.error({ err: failure }, failure.message)
    const ended = guestEndOf(this.qemu, end)
    const { detail, reason } = this.#exceeded ? { detail: TOO_LARGE, reason: 'killed' as const } : ended
    if (end.signal === CPU_SIGNAL) this.#killedAt('cpu_seconds', detail)
    this.#parts.ends.ended({ ...ended, detail, reason })
  }

  /** Why the guest does not go on, while it lacks room. */
  whyStill(): string {
    return `the guest is paused: there is no room for its disk in ${this.#parts.folder.path}; make room, and resume it`
  }

  /** Why the guest is off, once QEMU has ended. */
  whyOff(): string {
    if (this.#exceeded) return `the guest is off: it was killed, since ${TOO_LARGE}`
    const failure = this.qemu.failure()
    return failure === undefined ? 'the guest is off' : `the guest is off: ${failure.message}`
  }

  async #restart(): Promise<void> {
    const { qmp } = this.qemu
    this.isRebooting = false
    this.#parts.ends.rebooted(REBOOTED)
    await qmp.execute('system_reset')
    await qmp.execute('set-action', { shutdown: 'poweroff' })
    await qmp.execute('cont')
  }

  async #diskFailed({ reason, nospace }: QmpEvent['data']): Promise<void> {
    if (nospace === true && !this.#lacksRoom) {
      this.#lacksRoom = true
      this.#parts.logger.error(this.whyStill())
      const { path } = this.#parts.folder
      this.#parts.ends.limitReached(hostRoomReached(path, 0, await freeMib(path)))
    }
    // QEMU's threads do not take the signal of a file that is too large.
    if (reason !== 'File too large' || this.#exceeded) return
    this.#exceeded = true
    this.#parts.logger.error(`the guest was killed: ${TOO_LARGE}`)
    this.#killedAt('disk_mib', `the guest was killed: ${TOO_LARGE}`)
    await this.qemu.kill()
  }

  /** Before the disk of the host is full, which others need as well. */
  async #runsShort(reached: LimitReached): Promise<void> {
    if (this.#lacksRoom) return
    this.#lacksRoom = true
    await this.qemu.qmp.execute('stop')
    this.#parts.ends.limitReached(reached)
  }

  #killedAt(limit: 'cpu_seconds' | 'disk_mib', detail: string): void {
    const bound = this.#parts.limits[limit]
    this.#parts.ends.limitReached({ limit, bound, measured: bound, action: 'killed', detail })
  }

  #panicked(): void {
    this.#parts.ends.ended({ reason: 'crashed', detail: PANICKED, exitCode: null, signal: null })
  }
}
