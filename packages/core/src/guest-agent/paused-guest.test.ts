import { expect, test } from 'vitest'
import { SeeError } from '../common/errors.ts'
import { GuestAgent } from './guest-agent.ts'

interface Parameters {
  path?: string
  handle?: number
  offset?: number
  whence?: number
}

/** An agent whose guest is paused, once it has run a program, while `pauses` lasts: it answers nothing then. */
class PausedGuest {
  pauses: string[]
  readonly #opened: string[] = []
  readonly #positions = new Map<number, number>()

  constructor(pauses: string[]) {
    this.pauses = pauses
  }

  async agentCommand(command: string): Promise<string> {
    const { execute, arguments: parameters } = JSON.parse(command) as {
      execute: string
      arguments: Parameters
    }
    if (this.pauses[0] === execute) {
      this.pauses.shift()
      throw new SeeError('AGENT_UNRESPONSIVE', 'domain is not running')
    }
    return JSON.stringify({ return: this.#reply(execute, parameters) })
  }

  #reply(execute: string, { path = '', handle = 0, offset = 0, whence = 0 }: Parameters): unknown {
    const content = this.#opened[handle]?.endsWith('.out') === true ? 'output' : ''
    switch (execute) {
      case 'guest-exec':
        return { pid: 7 }
      case 'guest-exec-status':
        return { exited: true, exitcode: 3 }
      case 'guest-file-open':
        return this.#opened.push(path) - 1
      case 'guest-file-read': {
        const left = content.slice(this.#positions.get(handle) ?? 0)
        this.#positions.set(handle, content.length)
        return { count: left.length, 'buf-b64': Buffer.from(left).toString('base64'), eof: true }
      }
      case 'guest-file-seek': {
        this.#positions.set(handle, whence === 2 ? content.length : offset)
        return { position: this.#positions.get(handle), eof: false }
      }
      default:
        return {}
    }
  }
}

test.each([
  [['guest-exec-status', 'guest-exec-status']],
  [['guest-file-open']],
  [['guest-file-seek', 'guest-file-read']],
  [['guest-file-read']],
])('a program outlasts a pause of its guest, in which the agent does not answer %j', async (pauses) => {
  const guest = new PausedGuest(pauses)
  const { exitCode, stdout } = await new GuestAgent(guest).exec(['true'])
  expect({ exitCode, stdout: stdout.toString() }).toEqual({ exitCode: 3, stdout: 'output' })
  expect(guest.pauses).toEqual([])
})

test('waits for a silent agent no longer than the program may run', async () => {
  const guest = new PausedGuest(Array.from({ length: 1000 }, () => 'guest-exec-status'))
  await expect(new GuestAgent(guest).exec(['true'], { timeoutMs: 100 })).rejects.toMatchObject({
    code: 'GUEST_EXEC_TIMEOUT',
    message: 'true ran longer than 100 ms in the guest',
  })
})
