import { type ChildProcess, spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { Duplex, Readable, type Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { SeeError, z } from '@see/core'
import { BoundedOutput } from '../processes/bounded-output.ts'

/** Descriptors that bubblewrap is given beyond the standard ones; the last two are for root. */
export const descriptors = { status: 3, alive: 4, information: 5, mapped: 6 } as const

const STATUS_LIMIT_BYTES = 10_000
/** Every user keeps their number; only root may map so. */
const IDENTITY = '0 0 4294967295\n'

const WAIT_MS = 2
const MAX_WAITS = 2500

const message = z.object({ 'child-pid': z.int().positive(), 'exit-code': z.int() }).partial()

interface BubblewrapOptions {
  /** Map all users into its user namespace, which only root can and must. */
  readonly mapsIds: boolean
  /** What is kept of each output stream. */
  readonly outputBytes: number
  /** Called when an output stream is longer. */
  readonly outputExceeded: () => void
  /** Gets the standard output as it comes, of which then nothing is kept. */
  readonly onStdout?: ((part: Buffer) => void) | undefined
  /** Limit of the standard output, in bytes; `outputBytes` when not given. */
  readonly stdoutBytes?: number | undefined
  /** What it reads; nothing when not given. */
  readonly stdin?: Readable | undefined
}

/** A running bubblewrap. */
export class Bubblewrap {
  readonly stdout: BoundedOutput
  readonly stderr: BoundedOutput
  readonly #status: BoundedOutput
  readonly #child: ChildProcess
  readonly #pipes: readonly (Readable | Writable | null | undefined)[]
  readonly #closed: Promise<void>
  #killed = false
  #mapped = false
  #mapping = Promise.resolve()

  constructor(program: string, parameters: readonly string[], options: BubblewrapOptions) {
    const pipes = Array.from({ length: descriptors.mapped }, () => 'pipe' as const)
    // Nothing of our environment gets in.
    const first = options.stdin === undefined ? 'ignore' : 'pipe'
    this.#child = spawn(program, parameters, { stdio: [first, ...pipes], env: {} })
    this.#pipes = this.#child.stdio
    this.#closed = new Promise((resolve, reject) => {
      this.#child.once('error', reject)
      this.#child.once('close', () => resolve())
    })
    this.#closed.catch(() => undefined)
    const { outputBytes, stdoutBytes = outputBytes, outputExceeded, onStdout, stdin } = options
    // It may end before it has read all.
    this.#child.stdin?.on('error', () => undefined)
    if (this.#child.stdin !== null) stdin?.pipe(this.#child.stdin)
    this.stdout = new BoundedOutput(this.#pipe(1), stdoutBytes, outputExceeded, onStdout)
    this.stderr = new BoundedOutput(this.#pipe(2), outputBytes, outputExceeded)
    this.#status = new BoundedOutput(this.#pipe(descriptors.status), STATUS_LIMIT_BYTES, () => this.kill())
    // Read to their ends, without which there would be no `close`.
    this.#pipe(descriptors.alive).resume()
    this.#pipe(descriptors.information).resume()
    // It may end before the mapping is done.
    this.#pipe(descriptors.mapped)
      .on('error', () => undefined)
      .resume()
    this.#pipe(descriptors.status).on('data', () => {
      // It says so piece by piece.
      if (this.pid === undefined) return
      if (this.#killed) this.kill()
      else if (options.mapsIds && !this.#mapped) this.#map()
    })
  }

  /** The first process inside, by its number outside; undefined while there is none. */
  get pid(): number | undefined {
    return this.#said('child-pid')
  }

  /** Exit code of the command; undefined when it never ran, or was killed from outside. */
  get exitCode(): number | undefined {
    return this.#said('exit-code')
  }

  /**
   * Kills the first process inside, with which all others there die; bubblewrap itself ends then. Killed the other way
   * round while it starts, it would leave a process behind.
   */
  kill(): void {
    this.#killed = true
    const { pid } = this
    if (pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null) return
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It is gone already.
    }
    this.#mappedPipe().end()
  }

  /** Resolves when nothing inside runs any more: the last one to go holds the descriptor `alive`. */
  async ended(): Promise<void> {
    await this.#closed
    await this.#mapping
    // The first process lets go of the descriptor a moment before the others are killed, and is a zombie after that.
    for (let wait = 0; wait < MAX_WAITS && (await isAlive(this.pid)); wait++) await sleep(WAIT_MS)
  }

  /** Until its users are mapped the command waits. */
  #map(): void {
    this.#mapped = true
    this.#mapping = this.#mapIds().catch((error: unknown) => {
      // One that is killed meanwhile cannot be mapped, which is not a failure.
      if (this.#killed) return
      this.kill()
      throw error
    })
    this.#mapping.catch(() => undefined)
  }

  async #mapIds(): Promise<void> {
    await writeFile(`/proc/${this.pid}/uid_map`, IDENTITY)
    await writeFile(`/proc/${this.pid}/gid_map`, IDENTITY)
    this.#mappedPipe().end('\n')
  }

  #mappedPipe(): Duplex {
    const pipe = this.#pipe(descriptors.mapped)
    if (pipe instanceof Duplex) return pipe
    throw new Error(`descriptor ${descriptors.mapped} cannot be written`)
  }

  #said(key: 'child-pid' | 'exit-code'): number | undefined {
    for (const line of this.#status.bytes().toString().split('\n').slice(0, -1)) {
      if (line.includes(`"${key}"`)) return message.parse(JSON.parse(line))[key]
    }
    return undefined
  }

  #pipe(descriptor: number): Readable {
    const pipe = this.#pipes[descriptor]
    if (pipe instanceof Readable) return pipe
    throw new SeeError('CONFINEMENT_FAILED', `bubblewrap has no descriptor ${descriptor}`)
  }
}

async function isAlive(pid: number | undefined): Promise<boolean> {
  if (pid === undefined) return false
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat !== '' && !/^\d+ \(.*\) [ZX] /s.test(stat)
}
