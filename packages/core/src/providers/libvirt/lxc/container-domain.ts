import { lstat, readFile, readlink } from 'node:fs/promises'
import type { Duplex } from 'node:stream'
import { type Domain, DomainShutdownFlags, isLibvirtError } from '@see/libvirt'
import { SeeError } from '../../../common/errors.ts'
import type { InterfaceAddresses, SandboxDomain } from '../../../contract/resources.ts'
import type { DomainState } from '../../../contract/transitions.ts'
import { bounded } from '../../../common/bounded.ts'
import { hypervisorTimeout } from '../../../contract/hypervisor-timeout.ts'
import type { WaitOptions } from '../../../contract/wait-options.ts'
import { poll } from '../../../common/poll.ts'
import { getsSignalNow } from './busybox-init.ts'
import { containerInit } from './container-init.ts'
import { DrainedConsole } from './drained-console.ts'
import { isStillLibvirts } from './still-libvirts.ts'
import { onceInitKnown } from './once-init-known.ts'
import type { SunkNetwork } from './sunk-network.ts'

/** Where the inits that take a run level listen. */
const INITCTL = ['run/initctl', 'dev/initctl', 'etc/.initctl']
/** For an init to be ready for signals, on a host with much other work. */
const BEGUN_WITHIN_MS = 3000

/** A container's domain: what only machines have, a screen say, it lacks. */
export class ContainerDomain implements SandboxDomain {
  /** libvirt's own object, for all that is not here. */
  readonly virDomain: Domain
  readonly #console: DrainedConsole
  readonly #sunk: SunkNetwork | undefined

  /** @param sunk what its network ends in, in the mode of that name */
  constructor(domain: Domain, sunk: SunkNetwork | undefined) {
    this.virDomain = domain
    this.#sunk = sunk
    this.#console = new DrainedConsole(domain)
  }

  get name(): string {
    return this.virDomain.name
  }

  get uuid(): string {
    return this.virDomain.uuid
  }

  getState(options?: WaitOptions): Promise<{ state: DomainState }> {
    return this.virDomain.getState(options)
  }

  /** Its console is read from now on: a container whose console is not read stops after some 36 KB of output. */
  async create(options?: WaitOptions): Promise<void> {
    const lost = this.#sunk?.relay.end
    if (lost !== undefined)
      throw new SeeError('NETWORK_INVALID', `the container has no sinkhole any more: ${lost}`)
    await this.virDomain.create(options).catch((error: unknown) => {
      throw endedAtOnce(this.name, error)
    })
    this.#console.open()
  }

  /**
   * Frozen first: libvirt immediately kills what is frozen, and an init that runs and does not heed SIGTERM after 1.8
   * s only, in which the container goes on.
   */
  async destroy(options: WaitOptions = {}): Promise<void> {
    await bounded(options, hypervisorTimeout('cutting the power'), (signal) => this.#destroy(signal))
  }

  async #destroy(signal: AbortSignal): Promise<void> {
    await this.freeze({ signal })
    try {
      await this.virDomain.destroy({ signal })
    } finally {
      this.#sunk?.sinkhole.guestEnded()
      await this.#console.finish()
    }
  }

  /** Whether nothing runs in it now, because it is paused or off. */
  async freeze(options?: WaitOptions): Promise<boolean> {
    const { state } = await this.virDomain.getState(options)
    if (state !== 'running') return true
    return await this.virDomain.suspend(options).then(
      () => true,
      () => false,
    )
  }

  suspend(options?: WaitOptions): Promise<void> {
    return this.virDomain.suspend(options)
  }

  resume(options?: WaitOptions): Promise<void> {
    return this.virDomain.resume(options)
  }

  /** Asks the init to reboot: over its initctl pipe, or by SIGHUP. libvirt restarts the container when it does. */
  async reboot(options: WaitOptions = {}): Promise<void> {
    await bounded(options, hypervisorTimeout('asking the container to restart'), async (signal) => {
      if (await this.#signalBusybox('SIGTERM', signal)) return
      const ask = async () => await this.virDomain.reboot({ flags: await this.#way(), signal })
      await onceInitKnown(ask, BEGUN_WITHIN_MS, signal)
    })
  }

  /** Asks the init to stop: over its initctl pipe, or by SIGTERM, which busybox's init would take for a reboot. */
  async shutdown(options: WaitOptions = {}): Promise<void> {
    await bounded(options, hypervisorTimeout('asking the container to stop'), async (signal) => {
      if (await this.#signalBusybox('SIGUSR2', signal)) return
      const ask = async () => await this.virDomain.shutdown({ flags: await this.#way(), signal })
      await onceInitKnown(ask, BEGUN_WITHIN_MS, signal)
    })
  }

  /** libvirt's refusal: a container has no reset line. */
  reset(options?: WaitOptions): Promise<void> {
    return this.virDomain.reset(options)
  }

  /** libvirt's refusal: a container cannot suspend itself to RAM. */
  pmWakeup(options?: WaitOptions): Promise<void> {
    return this.virDomain.pmWakeup(options)
  }

  async interfaceAddresses(
    source: 'lease' | 'agent',
    options?: WaitOptions,
  ): Promise<readonly InterfaceAddresses[]> {
    return this.#sunk?.sinkhole.leases ?? (await this.virDomain.interfaceAddresses(source, options))
  }

  getXMLDesc(): Promise<string> {
    return this.virDomain.getXMLDesc()
  }

  /** The container's console, both ways, with what is kept of it since the power-on. Destroy it to let go. */
  openConsole(options?: WaitOptions): Promise<Duplex> {
    return this.#console.reader(options)
  }

  /** Whether the init is busybox's, which has signals of its own (its init.c: SIGUSR2 powers off, SIGTERM reboots), and got it. */
  async #signalBusybox(signal: 'SIGUSR2' | 'SIGTERM', over: AbortSignal): Promise<boolean> {
    const init = await this.#init()
    if (init === 0 || process.geteuid?.() !== 0) return false
    const program = await readlink(`/proc/${init}/exe`).catch(() => '')
    const [name = ''] = (await readFile(`/proc/${init}/cmdline`, 'latin1').catch(() => '')).split('\0')
    // Its other applets, a shell for one, heed other signals or none.
    if (!/\/busybox(\.\w+)?$/.test(program) || !/(^|\/)(init|linuxrc)$/.test(name)) return false
    // It is lost on one that has just begun; of one that never seems to have begun, the signal is tried all the same.
    const hasBegun = async () => ((await getsSignalNow(init, signal)) ? true : undefined)
    await poll(hasBegun, () => new Error(signal), { timeoutMs: BEGUN_WITHIN_MS }).catch(() => undefined)
    over.throwIfAborted()
    process.kill(init, signal)
    return true
  }

  /** Its init, which begins a moment after the process that supervises it; 0 where it cannot be seen from here. */
  async #init(): Promise<number> {
    const seen = async () => {
      const init = await containerInit(this.virDomain).catch((error: unknown) =>
        error instanceof SeeError && error.code === 'AGENT_UNRESPONSIVE' ? undefined : 0,
      )
      return init !== undefined && (await isStillLibvirts(init)) ? undefined : init
    }
    return await poll(seen, () => new Error('no init'), { timeoutMs: BEGUN_WITHIN_MS }).catch(() => 0)
  }

  /** libvirt itself reports success when it finds no pipe, and then sends no signal. */
  async #way(): Promise<number> {
    // Where its processes cannot be seen from here, the signal is what most inits know.
    const init = await this.#init()
    const pipes = await Promise.all(INITCTL.map((path) => isPipe(`/proc/${init}/root/${path}`)))
    return pipes.includes(true) ? DomainShutdownFlags.initctl : DomainShutdownFlags.signal
  }
}

/** An init may fail before libvirt has found the socket of the process that supervises it. */
function endedAtOnce(name: string, error: unknown): unknown {
  if (!isLibvirtError(error) || !error.message.includes(`/lxc/${name}.sock`)) return error
  const why = `the container ended as it began: ${error.message}; /var/log/libvirt/lxc/${name}.log may say why`
  return new SeeError('GUEST_STOPPED', why, { cause: error })
}

function isPipe(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isFIFO(),
    () => false,
  )
}
