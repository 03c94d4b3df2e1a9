import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { Duplex, PassThrough, Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { SeeError, poll } from '@see/core'
import { AgentLines } from './agent-lines.ts'
import { init } from './init.ts'

const AGENT = fileURLToPath(new URL('../../dist/support/machine/agent.js', import.meta.url))
const START_MS = 10_000
const REAPED_MS = 1000
const NAMESPACES = ['--user', '--map-root-user', '--net', '--pid', '--mount', '--mount-proc', '--kill-child']

export interface RunEnd {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
}

interface Init {
  readonly pid: number
  /** That of its processes, by which they are known. */
  readonly namespace: string
}

export interface MachineCard {
  readonly macAddress: string
  readonly address: string
}

/** One run of a machine: processes of this host with a user, network and file systems of their own. */
export class MachineRun {
  /** What the machine says, from its start on. */
  readonly console = new PassThrough()
  readonly agent: AgentLines
  /** Resolves when the machine ended. */
  readonly ended: Promise<RunEnd>
  /** Resolves when the last of its processes is gone. */
  readonly gone: Promise<void>
  readonly #child: ChildProcess
  readonly #initPid: number
  readonly #namespace: string

  private constructor(child: ChildProcess, { pid, namespace }: Init) {
    const [, stdout, , socket] = child.stdio
    if (!(stdout instanceof Readable) || !(socket instanceof Duplex)) throw new Error('there are pipes')
    this.#child = child
    this.#initPid = pid
    this.#namespace = namespace
    stdout.on('error', () => undefined)
    stdout.pipe(this.console)
    this.agent = new AgentLines(socket)
    this.ended = once(child, 'exit').then(([exitCode, signal]) => {
      this.agent.end(new SeeError('GUEST_STOPPED', 'the machine is off'))
      return { exitCode, signal }
    })
    this.gone = this.#allGone()
  }

  /**
   * Nothing is left of it when the signal aborts meanwhile.
   * @param identifier is among the words of its processes
   */
  static async start(
    identifier: string,
    { macAddress, address }: MachineCard,
    signal: AbortSignal | undefined,
  ): Promise<MachineRun> {
    signal?.throwIfAborted()
    const words = [identifier, macAddress, address, process.execPath, AGENT, identifier]
    const child = spawn('unshare', [...NAMESPACES, '--', '/bin/sh', '-c', init, ...words], {
      stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
    })
    await once(child, 'spawn')
    const found = async () => initOf(child.pid ?? 0)
    const first = await poll(found, () => new Error('the machine has no init'), { timeoutMs: START_MS })
    const run = new MachineRun(child, first)
    if (signal?.aborted === true) await run.kill()
    signal?.throwIfAborted()
    return run
  }

  /** Sends a signal to the init, which is lost while that has just begun. */
  signal(signal: NodeJS.Signals): void {
    process.kill(this.#initPid, signal)
  }

  async stop(): Promise<void> {
    const asked = new Set<number>()
    // One that waits for the child which it has just begun, by vfork, is asked, but stops later.
    for (let more = true; more; ) {
      const others = this.#processes().filter((pid) => !asked.has(pid))
      more = others.length > 0
      for (const pid of others) {
        asked.add(pid)
        send(pid, 'SIGSTOP')
      }
      await sleep(1)
    }
  }

  goOn(): void {
    for (const pid of this.#processes()) send(pid, 'SIGCONT')
  }

  /** Resolves when nothing is left of it. */
  async kill(): Promise<void> {
    send(this.#initPid, 'SIGKILL')
    // Its parent reaps it and ends, which this host's first process would do seconds later. One that a test has stopped goes
    // on first.
    this.#child.kill('SIGCONT')
    await Promise.race([this.gone, sleep(REAPED_MS)])
    this.#child.kill('SIGKILL')
    await this.gone
  }

  async #allGone(): Promise<void> {
    await this.ended
    // The kernel kills the others once the init is gone.
    while (this.#processes().length > 0) await sleep(2)
  }

  #processes(): number[] {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
    return pids.map(Number).filter((pid) => namespaceOf(pid) === this.#namespace)
  }
}

/** Undefined until there is one, in a namespace of its own, that is no longer unshare. */
function initOf(parent: number): Init | undefined {
  const [child = ''] = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').split(' ')
  const namespace = child === '' ? undefined : namespaceOf(Number(child))
  if (namespace === undefined || namespace === namespaceOf(process.pid)) return undefined
  return readFileSync(`/proc/${child}/comm`, 'utf8') === 'sh\n'
    ? { pid: Number(child), namespace }
    : undefined
}

/** Undefined when the process is gone, or another user's. */
function namespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`)
  } catch {
    return undefined
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended meanwhile.
  }
}
