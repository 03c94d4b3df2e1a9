import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process'
import { childEnvironment } from './child-environment.ts'
import { before, type CallOptions } from './deadline.ts'
import type { QemuJail } from './jail.ts'
import { endInJail, enterJail, type JailedProcesses, jailFailure } from './jail-entry.ts'
import { jailedLaunchCommand, type LaunchOptions, launchCommand } from './launch-command.ts'
import type { QemuEnd } from './qemu-end.ts'
import { isQemuError, QemuError } from './qemu-error.ts'
import { QmpClient } from './qmp-client.ts'

/** What is kept of the end of the standard error. */
const STDERR_CHARACTERS = 4096
/**
 * Two thirds of the page faults of QEMU's start are in its heap, for which the C library requests no large pages by
 * default.
 */
const TUNABLES = { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' } as const
const START_TIMEOUT_MS = 20_000
const QUIT_MS = 2000
/** A killed process is gone once the kernel has given its memory back. */
const KILLED_MS = 10_000

export interface QemuOptions extends LaunchOptions, CallOptions {
  /** Where QEMU, by its arguments, has its monitor. */
  readonly monitorPath: string
  /** What it sees of this host, and nothing else; all that its user does when not given. */
  readonly jail?: QemuJail | undefined
}

/** QEMU as a child of this process, which it never outlives. */
export class QemuProcess {
  /** Resolves when it has ended. */
  readonly ended: Promise<QemuEnd>
  readonly #child: ChildProcess
  readonly #options: QemuOptions
  #jailed: JailedProcesses | undefined
  #qmp: QmpClient | undefined
  #end: QemuEnd | undefined
  #stderr = ''
  #killed = false
  /** Why it was killed without a request. */
  #unsupervised: QemuError | undefined

  private constructor(child: ChildProcess, options: QemuOptions) {
    this.#child = child
    this.#options = options
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = `${this.#stderr}${text}`.slice(-STDERR_CHARACTERS)
    })
    this.ended = new Promise((resolve) => {
      child.once('close', (exitCode, signal) => {
        const end = { exitCode, signal }
        this.#end = options.jail === undefined ? end : endInJail(end)
        this.#qmp?.close()
        resolve(this.#end)
      })
    })
  }

  /**
   * Starts QEMU and connects to its monitor. Nothing of it is left when this throws.
   * @throws QemuError `QEMU_JAIL` where this host does not let it have its jail, `QEMU_START`, or the signal's reason
   */
  static async start(options: QemuOptions): Promise<QemuProcess> {
    const { signal, timeoutMs = START_TIMEOUT_MS, monitorPath } = options
    signal?.throwIfAborted()
    const child = spawnQemu(options)
    const failed = new Promise<never>((_resolve, reject) => {
      child.on('error', (error) => {
        reject(
          new QemuError('QEMU_START', `${child.spawnfile} cannot be started: ${error.message}`, {
            cause: error,
          }),
        )
      })
    })
    failed.catch(() => undefined)
    if (child.pid === undefined) return await failed
    const qemu = new QemuProcess(child, options)
    const over = new AbortController()
    // Not a combined signal: in Node 20, a timeout that only such a one knows of may be taken for garbage.
    const abort = () => over.abort(signal?.reason)
    signal?.addEventListener('abort', abort)
    try {
      await qemu.#enter({ signal: over.signal, timeoutMs })
      const connecting = QmpClient.connect(monitorPath, { signal: over.signal, timeoutMs })
      qemu.#qmp = await Promise.race([connecting, qemu.ended.then(() => undefined)])
      if (qemu.#qmp !== undefined) {
        void qemu.#qmp.closed.then((end) => qemu.#endUnsupervised(end))
        return qemu
      }
      over.abort()
      connecting.catch(() => undefined)
      throw new QemuError('QEMU_START', 'QEMU ended before it was asked anything')
    } catch (error) {
      // One that fails while it starts may have listened already.
      if (isQemuError(error, 'QMP_CLOSED')) await qemu.#endsWithin(QUIT_MS)
      const failure = qemu.failure()
      await qemu.kill()
      if (failure === undefined || isQemuError(error, 'QEMU_JAIL')) throw error
      throw new QemuError('QEMU_START', `QEMU did not start: ${qemu.#how()}`, { cause: error })
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  /** Its own number, also where it is jailed. */
  get pid(): number {
    return this.#jailed?.qemu ?? this.#child.pid ?? 0
  }

  /** The monitor. */
  get qmp(): QmpClient {
    if (this.#qmp === undefined) throw new Error('QEMU has no monitor before it was started')
    return this.#qmp
  }

  get isRunning(): boolean {
    return this.#end === undefined
  }

  /** What it wrote last on standard error. */
  get stderr(): string {
    return this.#stderr
  }

  /** Has QEMU end in good order, and kills it if it does not within two seconds. */
  async stop(): Promise<void> {
    if (!this.isRunning) return
    this.#qmp?.execute('quit', {}, { timeoutMs: QUIT_MS }).catch(() => undefined)
    if (!(await this.#endsWithin(QUIT_MS))) await this.kill()
  }

  /** @throws QemuError `QEMU_ENDED` when even this does not end it */
  async kill(): Promise<void> {
    if (!this.isRunning) return
    this.#killed = true
    this.#sendKill()
    await before(this.ended, { timeoutMs: KILLED_MS }, () => {
      return new QemuError('QEMU_ENDED', `QEMU (process ${this.pid}) was killed and is still there`)
    })
  }

  async #enter(options: CallOptions): Promise<void> {
    if (this.#options.jail === undefined) return
    try {
      this.#jailed = await before(enterJail(this.#child), options, lateJail)
    } catch (error) {
      // Its standard error says more than the end of its other pipes.
      if (isQemuError(error) || options.signal?.aborted === true || !(await this.#endsWithin(QUIT_MS)))
        throw error
      throw jailFailure(this.#stderr.trim(), error)
    }
  }

  /** With the first process of a jail all others there have ended; without a jail, QEMU is the only one. */
  #sendKill(): void {
    const hasEnded = this.#child.exitCode !== null || this.#child.signalCode !== null
    this.#child.stdin?.destroy()
    if (this.#options.jail === undefined || hasEnded) return void this.#child.kill('SIGKILL')
    this.#killJail()
    if (this.#jailed === undefined) return
    try {
      process.kill(this.#jailed.first, 'SIGKILL')
    } catch {
      // It has just ended.
    }
  }

  /**
   * Killed before its jail is complete, bubblewrap would leave a process there: it ends now that its pipe is closed, or with
   * its first process. One that does not, since it was stopped, is killed after all.
   */
  #killJail(): void {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), QUIT_MS)
    void this.ended.then(() => clearTimeout(timer))
  }

  /** What to throw when it ended though it should not have; undefined when it ended in good order, or runs. */
  failure(): QemuError | undefined {
    if (this.#end === undefined) return undefined
    if (this.#unsupervised !== undefined) {
      const why = `QEMU was killed, since it went on without its monitor: ${this.#unsupervised.message}`
      return new QemuError('QEMU_ENDED', why, { cause: this.#unsupervised })
    }
    if (this.#killed || this.#end.exitCode === 0) return undefined
    return new QemuError('QEMU_ENDED', `QEMU ended: ${this.#how()}`)
  }

  /** A monitor closes with its QEMU; one that goes on without a monitor cannot be controlled. */
  async #endUnsupervised(end: QemuError): Promise<void> {
    if ((await this.#endsWithin(QUIT_MS)) || this.#killed) return
    this.#unsupervised = end
    await this.kill().catch(() => undefined)
  }

  async #endsWithin(timeoutMs: number): Promise<boolean> {
    return await before(this.ended, { timeoutMs }, stillThere).then(
      () => true,
      () => false,
    )
  }

  #how(): string {
    const { exitCode = null, signal = null } = this.#end ?? {}
    const { limits } = this.#options
    const said = this.#stderr.trim()
    const words = said === '' ? '' : `: ${JSON.stringify(said.slice(-1000))}`
    if (signal === 'SIGXCPU') return `it exceeded its ${limits.cpuSeconds} seconds of CPU time`
    if (signal === 'SIGXFSZ') return `a file of it, its disk say, exceeded ${limits.fileBytes} bytes`
    if (signal === 'SIGSYS') return `it made a system call that its sandbox forbids${words}`
    if (/cannot allocate|failed to allocate|cannot set up guest memory/i.test(said)) {
      return `it needs more than its ${limits.addressSpaceBytes} bytes of address space${words}`
    }
    return signal === null ? `exit code ${exitCode}${words}` : `${signal}${words}`
  }
}

function spawnQemu(options: QemuOptions): ChildProcess {
  if (options.jail === undefined) {
    const [program, ...argv] = launchCommand(options)
    const env = { ...childEnvironment(), ...TUNABLES }
    return spawn(program, argv, { stdio: ['ignore', 'ignore', 'pipe'], detached: true, env })
  }
  const [program, ...argv] = jailedLaunchCommand(options, options.jail, TUNABLES)
  const stdio: StdioOptions = ['pipe', 'pipe', 'pipe', 'pipe']
  return spawn(program, argv, { stdio, detached: true, env: childEnvironment() })
}

function lateJail(): QemuError {
  return new QemuError('QEMU_START', 'the jail of QEMU was not complete in time')
}

function stillThere(): QemuError {
  return new QemuError('QMP_TIMEOUT', 'QEMU did not end')
}
