import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** As root, or by sudo. */
function privileged(...argv: string[]): string[] {
  return process.getuid?.() === 0 ? argv : ['sudo', '-n', ...argv]
}

function run(...argv: string[]): void {
  const [command = '', ...rest] = privileged(...argv)
  execFileSync(command, rest, { stdio: ['ignore', 'ignore', 'pipe'] })
}

const LISTENER = `
  const server = require('node:net').createServer((socket) => socket.end('hello from ' + process.argv[1] + '\\n'))
  server.listen(Number(process.argv[2]), '0.0.0.0', () => console.log('listening'))`

/** Another host, as far as this one can tell: a network namespace at the end of a cable, on which something listens. */
export class NetworkNamespace implements AsyncDisposable {
  readonly address: string
  readonly #name: string
  #listener: ChildProcess | undefined

  private constructor(name: string, address: string) {
    this.#name = name
    this.address = address
  }

  /**
   * @param network the first three numbers of an address: the other host is `.2`, this one `.1`
   * @param routes what is reached through this host
   */
  static async create(
    name: string,
    network: string,
    port: number,
    routes: string[] = [],
  ): Promise<NetworkNamespace> {
    const [here, there] = [`${name}-a`, `${name}-b`]
    const namespace = new NetworkNamespace(name, `${network}.2`)
    run('ip', 'netns', 'add', name)
    try {
      run('ip', 'link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', name)
      run('ip', 'address', 'add', `${network}.1/24`, 'dev', here)
      run('ip', 'link', 'set', here, 'up')
      run('ip', '-n', name, 'address', 'add', `${network}.2/24`, 'dev', there)
      run('ip', '-n', name, 'link', 'set', there, 'up')
      for (const route of routes) run('ip', '-n', name, 'route', 'add', route, 'via', `${network}.1`)
      await namespace.#listen(port)
      return namespace
    } catch (error) {
      await namespace[Symbol.asyncDispose]()
      throw error
    }
  }

  async #listen(port: number): Promise<void> {
    const node = [process.execPath, '-e', LISTENER, this.#name, String(port)]
    const [command = '', ...argv] = privileged('ip', 'netns', 'exec', this.#name, ...node)
    this.#listener = spawn(command, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
    if (this.#listener.stdout !== null) await once(this.#listener.stdout, 'data')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#listener !== undefined) {
      const closed = once(this.#listener, 'close')
      run('kill', String(this.#listener.pid))
      await closed
    }
    // The cable goes with its other end.
    run('ip', 'netns', 'delete', this.#name)
  }
}
