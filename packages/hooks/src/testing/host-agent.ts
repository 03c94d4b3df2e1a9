import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, fstatSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { type AgentChannel, SeeError, z } from '@see/core'

const message = z.object({
  execute: z.string(),
  arguments: z
    .object({
      path: z.string(),
      arg: z.array(z.string()),
      'input-data': z.string(),
      pid: z.int(),
      mode: z.string(),
      handle: z.int(),
      count: z.int(),
      'buf-b64': z.string(),
      offset: z.int(),
      whence: z.int(),
    })
    .partial(),
})
/** Where the output of a program is collected, and stays when that is killed immediately. */
const OUTPUT = /^(\/[a-z/]+)\/\.see-[0-9a-f-]{36}\.(out|err)$/
type Arguments = z.output<typeof message>['arguments']

/**
 * A guest agent whose guest is this host: what is run really runs, so that quoting and exit codes are real. Only for
 * the tests' own programs.
 */
export class HostAgent implements AgentChannel {
  /** Does not answer, as one whose guest boots, is paused or is off. */
  silent = false
  readonly executed: string[][] = []
  readonly #processes = new Map<number, ChildProcess>()
  readonly #outputs = new Set<string>()
  readonly #positions = new Map<number, number>()

  async agentCommand(command: string): Promise<string> {
    if (this.silent) throw new SeeError('AGENT_UNRESPONSIVE', 'the simulated agent is silent')
    const { execute, arguments: parameters } = message.parse(JSON.parse(command))
    try {
      return JSON.stringify({ return: await this.#reply(execute, parameters) })
    } catch (error) {
      return JSON.stringify({ error: { class: 'GenericError', desc: String(error) } })
    }
  }

  /** Ends what still runs, and removes what it would leave in a guest. */
  [Symbol.dispose](): void {
    for (const child of this.#processes.values()) child.kill('SIGKILL')
    for (const path of this.#outputs) rmSync(path, { force: true })
  }

  async #reply(execute: string, parameters: Arguments): Promise<unknown> {
    const { path = '', mode = 'r', handle = -1, count = 0, pid = -1, arg = [] } = parameters
    switch (execute) {
      case 'guest-ping':
        return {}
      case 'guest-get-osinfo':
        return { id: 'debian' }
      case 'guest-exec':
        return { pid: await this.#spawn(path, arg, Buffer.from(parameters['input-data'] ?? '', 'base64')) }
      case 'guest-exec-status':
        return this.#status(pid)
      case 'guest-file-open':
        if (OUTPUT.test(path)) this.#outputs.add(path)
        return this.#open(path, mode)
      case 'guest-file-write': {
        const written = writeSync(
          handle,
          Buffer.from(parameters['buf-b64'] ?? '', 'base64'),
          0,
          null,
          this.#at(handle),
        )
        this.#positions.set(handle, this.#at(handle) + written)
        return { count: written }
      }
      case 'guest-file-flush':
        return {}
      case 'guest-file-seek': {
        const { offset = 0, whence = 0 } = parameters
        this.#positions.set(handle, whence === 2 ? fstatSync(handle).size : offset)
        return { position: this.#at(handle), eof: false }
      }
      case 'guest-file-read': {
        const buffer = Buffer.alloc(count)
        const read = readSync(handle, buffer, 0, count, this.#at(handle))
        this.#positions.set(handle, this.#at(handle) + read)
        return { count: read, 'buf-b64': buffer.toString('base64', 0, read), eof: read < count }
      }
      case 'guest-file-close':
        closeSync(handle)
        return {}
      default:
        throw new Error(`no command ${execute}`)
    }
  }

  #open(path: string, mode: string): number {
    const handle = openSync(path, mode)
    this.#positions.set(handle, 0)
    return handle
  }

  #at(handle: number): number {
    return this.#positions.get(handle) ?? 0
  }

  #spawn(path: string, argv: string[], input: Buffer): Promise<number> {
    this.executed.push([path, ...argv])
    const child = spawn(path, argv, { stdio: [input.length === 0 ? 'ignore' : 'pipe', 'ignore', 'ignore'] })
    // A program need not read its input.
    child.stdin?.on('error', () => undefined).end(input)
    return new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('spawn', () => {
        this.#processes.set(child.pid ?? -1, child)
        resolve(child.pid ?? -1)
      })
    })
  }

  #status(pid: number): object {
    const child = this.#processes.get(pid)
    if (child === undefined) throw new Error(`no process ${pid}`)
    if (child.signalCode !== null) return { exited: true, signal: 9 }
    return child.exitCode === null ? { exited: false } : { exited: true, exitcode: child.exitCode }
  }
}
