import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

const PROGRAM = `
  const [name, ...ports] = process.argv.slice(1)
  const server = require('node:net').createServer((socket) => socket.end('hello from ' + name + '\\n'))
  const listening = [new Promise((resolve) => server.listen({ port: Number(ports[0]), host: '::' }, resolve))]
  for (const type of ['udp4', 'udp6']) for (const port of ports) {
    const socket = require('node:dgram').createSocket({ type, ipv6Only: type === 'udp6' })
    socket.on('error', (error) => { throw error })
    socket.on('message', (message) => console.log(String(message)))
    listening.push(new Promise((resolve) => socket.bind(Number(port), resolve)))
  }
  Promise.all(listening).then(() => console.log('listening'))
  // There may be no process left to end it.
  process.stdin.on('end', () => process.exit()).resume()`

/** Listens on every address: greets who connects, and remembers what is sent to it by UDP. */
export class Listener implements AsyncDisposable {
  readonly #child: ChildProcess
  #heard = ''

  private constructor(child: ChildProcess) {
    this.#child = child
    child.stdout?.on('data', (text: Buffer) => void (this.#heard += text.toString()))
  }

  /**
   * @param ports the first one is also for TCP
   * @param prefix what the listener's command line is put behind
   */
  static async start(
    name: string,
    ports: readonly number[],
    prefix: readonly string[] = [],
  ): Promise<Listener> {
    const [command = '', ...argv] = [...prefix, process.execPath, '-e', PROGRAM, name, ...ports.map(String)]
    const child = spawn(command, argv, { stdio: ['pipe', 'pipe', 'inherit'] })
    const listener = new Listener(child)
    const [first] = await Promise.race([once(child.stdout ?? child, 'data'), once(child, 'exit')])
    if (String(first).trim() !== 'listening') throw new Error(`nothing listens for ${name}: ${first}`)
    return listener
  }

  get pid(): number {
    return this.#child.pid ?? -1
  }

  /** Whether this was received. */
  hasHeard(message: string): boolean {
    return this.#heard.split('\n').includes(message)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#child, 'close')
    this.#child.kill()
    await closed
  }
}
