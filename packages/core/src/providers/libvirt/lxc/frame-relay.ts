import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { Duplex } from 'node:stream'
import { childEnvironment, launchCommand, type QemuUser } from '@see/qemu'
import { poll } from '../../../common/poll.ts'

/** A QEMU without a machine needs 0.3 GB. */
const ADDRESS_SPACE_BYTES = 2 ** 31
/** It works as long as the container sends. */
const CPU_SECONDS = 2 ** 31
/** Length of its standard error that is kept. */
const KEPT_CHARACTERS = 1000
const START_MS = 20_000
const POLL_MS = 5
/** The first that a program's own streams leave free. */
const FRAMES_FD = 3

interface RelayOptions {
  /** QEMU's path. */
  readonly program: string
  /** By which the process is found. */
  readonly name: string
  /** A tap device of the user's. */
  readonly device: string
  readonly user: QemuUser | undefined
  readonly signal: AbortSignal
}

/**
 * Carries Ethernet frames between a tap device, which Node cannot open, and this process: a QEMU without a machine, as a
 * user without rights. It ends with this process.
 */
export class FrameRelay {
  /** Each frame with its length before it. */
  readonly frames: Duplex
  /** Called when it ended without a request. */
  onLost: (how: string) => void = () => undefined
  readonly #child: ChildProcess
  readonly #ended: Promise<void>
  #how: string | undefined
  #isStopped = false

  private constructor(child: ChildProcess) {
    const frames = child.stdio[FRAMES_FD]
    if (!(frames instanceof Duplex)) throw new Error('QEMU cannot be started')
    this.frames = frames.on('error', () => undefined)
    this.#child = child
    let said = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(-KEPT_CHARACTERS)
    })
    this.#ended = new Promise((resolve) => {
      const end = (how: string): void => {
        this.#how = how
        if (!this.#isStopped) this.onLost(how)
        resolve()
      }
      child.once('error', (error) => end(error.message))
      child.once('close', (exitCode, signal) => {
        end(
          `QEMU, which carries its frames, ended: ${signal ?? `exit code ${exitCode}`} ${said.trim()}`.trim(),
        )
      })
    })
  }

  /** Resolves when frames are carried. Nothing is left when this throws. */
  static async start({ program, name, device, user, signal }: RelayOptions): Promise<FrameRelay> {
    signal.throwIfAborted()
    const limits = { addressSpaceBytes: ADDRESS_SPACE_BYTES, cpuSeconds: CPU_SECONDS, fileBytes: 0 }
    const [command, ...argv] = launchCommand({ program, argv: argumentsFor(name, device), limits, user })
    const child = spawn(command, argv, {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      detached: true,
      env: childEnvironment(),
    })
    const relay = new FrameRelay(child)
    try {
      const carries = async () => {
        if (relay.#how !== undefined) throw new Error(relay.#how)
        return (await hasCarrier(device)) ? true : undefined
      }
      const timedOut = () => new Error(`QEMU did not open ${device} in ${START_MS} ms`)
      await poll(carries, timedOut, { timeoutMs: START_MS, intervalMs: POLL_MS, signal })
      return relay
    } catch (error) {
      await relay.stop()
      throw error
    }
  }

  /** How it ended; undefined while it carries frames. */
  get end(): string | undefined {
    return this.#how
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.frames.destroy()
    this.#child.kill('SIGKILL')
    await this.#ended
  }
}

function argumentsFor(name: string, device: string): string[] {
  return [
    ['-name', name],
    ['-nodefaults', '-no-user-config'],
    ['-machine', 'none'],
    ['-display', 'none'],
    ['-netdev', `tap,id=device,ifname=${device},script=no,downscript=no`],
    ['-netdev', `stream,id=frames,addr.type=fd,addr.str=${FRAMES_FD}`],
    ['-netdev', 'hubport,id=one,hubid=0,netdev=device'],
    ['-netdev', 'hubport,id=other,hubid=0,netdev=frames'],
  ].flat()
}

/** A tap device has one while a program has it open. */
async function hasCarrier(device: string): Promise<boolean> {
  return (await readFile(`/sys/class/net/${device}/carrier`, 'latin1').catch(() => '')).trim() === '1'
}
