import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'
import { type AgentChannel, SeeError } from '@see/core'

interface Waiting {
  readonly resolve: (reply: string) => void
  readonly reject: (error: Error) => void
}

/** The host's end of the socket at which the agent of one run of a machine answers. */
export class AgentLines implements AgentChannel {
  readonly #socket: Duplex
  readonly #waiting = new Map<number, Waiting>()
  #count = 0
  #end: Error | undefined

  constructor(socket: Duplex) {
    this.#socket = socket
    const lines = createInterface({ input: socket })
    // A machine that ends resets the connection.
    for (const each of [socket, lines]) each.on('error', () => undefined)
    lines.on('line', (line) => {
      const { id, reply } = JSON.parse(line)
      // What nothing waits for any more was asked before a pause.
      this.#waiting.get(id)?.resolve(reply)
    })
  }

  async agentCommand(
    command: string,
    { timeoutSeconds }: { readonly timeoutSeconds: number },
  ): Promise<string> {
    if (this.#end !== undefined) throw this.#end
    const id = ++this.#count
    let timer: NodeJS.Timeout | undefined
    try {
      return await new Promise<string>((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject })
        const late = () => reject(new SeeError('AGENT_UNRESPONSIVE', 'the agent of the machine is silent'))
        timer = setTimeout(late, timeoutSeconds * 1000)
        this.#socket.write(`${JSON.stringify({ id, command })}\n`)
      })
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(id)
    }
  }

  /** The machine is off: nothing answers any more. */
  end(error: Error): void {
    this.#end = error
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#socket.destroy()
  }
}
