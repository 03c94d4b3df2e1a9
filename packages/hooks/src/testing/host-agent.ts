import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { type AgentChannel, SeeError, z } from '@see/core'

const message = z.object({
  execute: z.string(),
  arguments: z
    .object({
      path: z.string(),
      arg: z.array(z.string()),
      pid: z.int(),
      mode: z.string(),
      handle: z.int(),
      count: z.int(),
      'buf-b64': z.string(),
    })
    .partial(),
})
/** Where the output of a program is collected, and stays when that is killed. */
const OUTPUT = /^\/tmp\/\.see-[0-9a-f-]{36}$/
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
    for (const folder of this.#outputs) rmSync(folder, { recursive: true, force: true })
  }

  async #reply(execute: string, parameters: Arguments): Promise<unknown> {
    const { path = '', mode = 'r', handle = -1, count = 0, pid = -1, arg = [] } = parameters
    switch (execute) {
      case 'guest-ping':
        return {}
      case 'guest-get-osinfo':
        return { id: 'debian' }
      case 'guest-exec':
        return { pid: await this.#spawn(path, arg) }
      case 'guest-exec-status':
        return this.#status(pid)
      case 'guest-file-open':
        return openSync(path, mode)
      case 'guest-file-write':
        return { count: writeSync(handle, Buffer.from(parameters['buf-b64'] ?? '', 'base64')) }
      case 'guest-file-read': {
        const buffer = Buffer.alloc(count)
        const read = readSync(handle, buffer)
        return { count: read, 'buf-b64': buffer.toString('base64', 0, read), eof: read < count }
      }
      case 'guest-file-close':
        closeSync(handle)
        return {}
      default:
        throw new Error(`no command ${execute}`)
    }
  }

  #spawn(path: string, argv: string[]): Promise<number> {
    this.executed.push([path, ...argv])
    for (const word of argv) if (OUTPUT.test(word)) this.#outputs.add(word)
    const child = spawn(path, argv, { stdio: 'ignore' })
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
