import { setTimeout as sleep } from 'node:timers/promises'
import type { Agent, ExecOptions, ExecResult, OutputStream } from '../contract/agent.ts'
import { SeeError } from '../common/errors.ts'
import type { PollOptions } from '../common/poll.ts'
import { untilReady } from '../guest-agent/until-ready.ts'
import { type Faults, mayFail } from './faults.ts'
import type { SimulatedDomain } from './simulated-domain.ts'
import type { SimulatedGuest } from './simulated-guest.ts'

const MIB = 1024 * 1024

/** Answers for programs and files of a guest that there is not. */
export class SimulatedAgent implements Agent {
  /** Every program that was run, with its arguments. */
  readonly executed: (readonly string[])[] = []
  /** The guest's files, by their paths. */
  readonly files = new Map<string, Buffer>()
  readonly #domain: SimulatedDomain
  readonly #guest: SimulatedGuest
  readonly #faults: Faults

  constructor(domain: SimulatedDomain, guest: SimulatedGuest, faults: Faults) {
    this.#domain = domain
    this.#guest = guest
    this.#faults = faults
    for (const [path, content] of Object.entries(guest.files ?? {})) {
      this.files.set(path, Buffer.from(content))
    }
  }

  async ping(): Promise<void> {
    this.#answers('ping')
  }

  async waitUntilReady(options: PollOptions): Promise<void> {
    await untilReady(this, 'it is simulated', options)
  }

  async exec(argv: readonly [string, ...string[]], options: ExecOptions = {}): Promise<ExecResult> {
    this.#answers('exec')
    const { stdin = '', timeoutMs = 60_000, maxOutputBytes = MIB, onOutput, onRunning, signal } = options
    this.executed.push(argv)
    const program = (await this.#guest.run?.(argv, Buffer.from(stdin))) ?? {}
    const output = (stream: OutputStream): Buffer => {
      const bytes = Buffer.from(program[stream] ?? '').subarray(0, maxOutputBytes)
      if (bytes.length > 0) onOutput?.(stream, bytes)
      return bytes
    }
    const [stdout, stderr] = [output('stdout'), output('stderr')]
    onRunning?.()
    if (this.#faults.endlessPrograms === true) {
      await sleep(timeoutMs, undefined, { signal })
      throw new SeeError('GUEST_EXEC_TIMEOUT', `${argv[0]} did not end within ${timeoutMs} ms`)
    }
    const said = Buffer.from(program.stdout ?? '').length + Buffer.from(program.stderr ?? '').length
    return {
      exitCode: program.exitCode ?? 0,
      signal: null,
      stdout,
      stderr,
      truncated: said > stdout.length + stderr.length,
      lost: null,
    }
  }

  async isWindows(): Promise<boolean> {
    this.#answers('isWindows')
    return this.#guest.isWindows ?? false
  }

  async writeFile(path: string, content: string | Uint8Array): Promise<void> {
    this.#answers('writeFile')
    this.files.set(path, Buffer.from(content))
  }

  async readFile(path: string, { maxBytes = MIB } = {}): Promise<Buffer> {
    this.#answers('readFile')
    const content = this.files.get(path)
    if (content === undefined) {
      throw new SeeError('AGENT_COMMAND_FAILED', `the simulated guest has no file ${path}`)
    }
    if (content.length <= maxBytes) return content
    throw new SeeError('GUEST_OUTPUT_LIMIT', `${path} in the guest holds more than ${maxBytes} bytes`)
  }

  #answers(method: string): void {
    const { state } = this.#domain
    if (state === 'shutoff') throw new SeeError('GUEST_STOPPED', 'the simulated guest is off')
    if (state !== 'running' || this.#faults.silentAgent === true) {
      throw new SeeError('AGENT_UNRESPONSIVE', `the simulated agent is silent; the guest is ${state}`)
    }
    mayFail(this.#faults, method)
  }
}
