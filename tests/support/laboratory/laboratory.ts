import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { takeSnapshot } from './snapshot.ts'

const SCRIPT = fileURLToPath(new URL('laboratory.sh', import.meta.url))

interface LaboratoryOptions {
  /** Size of each of its folders, as mount(8) takes it. */
  readonly size?: string
  /** Size of /var/lib/see. */
  readonly store?: string
  /** Folders of this host that it sees. */
  readonly shared?: readonly string[]
}

interface Ended {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly error: string
}

let count = 0

/**
 * A host of its own on this one, with daemons of its own, which may be killed: `laboratory.sh` says what is apart. Several
 * may run at the same time, and nothing is left of one that ended, be it because its process was killed.
 */
export class Laboratory implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #pid: number
  readonly #name: string

  private constructor(child: ChildProcess, name: string, pid: number) {
    this.#child = child
    this.#name = name
    this.#pid = pid
  }

  static async start({
    size = '256m',
    store = '1g',
    shared = [],
  }: LaboratoryOptions = {}): Promise<Laboratory> {
    const name = `see-laboratory-${process.pid}-${++count}`
    const child = spawn('sh', [SCRIPT, 'create', name, size, store, ...shared], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const [said] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
    const [, pid] = /^ready (\d+)$/m.exec(String(said)) ?? []
    if (pid === undefined) throw new Error(`the laboratory did not begin: ${said}`)
    return new Laboratory(child, name, Number(pid))
  }

  /** Starts a program inside. */
  spawn(argv: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    return spawn('nsenter', this.#entering(argv), {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  /** Runs a program inside until it ends. */
  async run(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    const child = this.spawn(argv, env)
    let [out, error] = ['', '']
    child.stdout?.setEncoding('utf8').on('data', (text: string) => void (out += text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => void (error += text))
    const [exitCode, signal] = await once(child, 'exit')
    return { exitCode, signal, out, error }
  }

  /** Runs a shell command inside. @throws Error when it fails */
  sh(command: string): string {
    const { status, stdout, stderr } = spawnSync('nsenter', this.#entering(['sh', '-c', command]), {
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`${command}: exit code ${status}: ${stderr}`)
    return stdout
  }

  /** Kills its libvirtd. */
  killLibvirtd(): void {
    this.sh('kill -9 $(cat /run/libvirtd.pid)')
  }

  /** Starts those of its daemons that do not run. */
  startDaemons(): void {
    this.sh(`sh ${SCRIPT} daemons`)
  }

  /** The command lines of its processes, by their numbers inside. */
  processes(): ReadonlyMap<number, string> {
    const namespace = readlinkSync(`/proc/${this.#pid}/ns/pid`)
    const found = new Map<number, string>()
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        if (readlinkSync(`/proc/${pid}/ns/pid`) !== namespace) continue
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
        const own = /^NSpid:.*\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
        found.set(Number(own), line)
      } catch {
        // It has ended.
      }
    }
    return found
  }

  /** All that there is, one thing a line; files that were changed show in their size. */
  snapshot(): ReadonlySet<string> {
    return new Set([...takeSnapshot((command) => this.sh(command)), ...this.#processLines()])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.stdin?.end()
    await exit
  }

  get name(): string {
    return this.#name
  }

  /** Zombies have no command line: their parent is about to remove them. */
  #processLines(): string[] {
    return [...this.processes().values()].filter((line) => line !== '').map((line) => `process ${line}`)
  }

  #entering(argv: readonly string[]): string[] {
    const namespaces = ['--mount', '--net', '--pid', '--ipc', '--uts', '--cgroup']
    return ['--target', String(this.#pid), ...namespaces, 'sh', SCRIPT, 'enter', ...argv]
  }
}
