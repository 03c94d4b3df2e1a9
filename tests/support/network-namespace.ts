import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { Listener } from './listener.ts'

export function run(command: string, ...argv: string[]): string {
  return execFileSync(command, argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** A run that was killed leaves it, without a process in it. */
function removeIfLeft(name: string): void {
  if (!existsSync(`/run/netns/${name}`) || run('ip', 'netns', 'pids', name) !== '') return
  run('ip', 'netns', 'delete', name)
}

interface OtherHost {
  /** In CIDR notation: the other host's and, without a bridge, this one's at the other end of the cable. */
  readonly address: string
  readonly here?: string
  /** What the cable is put into on this host. */
  readonly bridge?: string
  /** What it reaches through this host. */
  readonly route?: string
  readonly ports: readonly number[]
}

/** Another host, to this one: a network namespace at the end of a cable, on which something listens. */
export class NetworkNamespace implements AsyncDisposable {
  /** What the cable's end on this host is called. */
  readonly device: string
  readonly #name: string
  #listener: Listener | undefined

  private constructor(name: string) {
    this.#name = name
    this.device = `${name}-a`
  }

  static async create(name: string, other: OtherHost): Promise<NetworkNamespace> {
    const namespace = new NetworkNamespace(name)
    removeIfLeft(name)
    run('ip', 'netns', 'add', name)
    try {
      await namespace.#setUp(other)
      return namespace
    } catch (error) {
      await namespace[Symbol.asyncDispose]()
      throw error
    }
  }

  async #setUp({ address, here, bridge, route, ports }: OtherHost): Promise<void> {
    const name = this.#name
    run('ip', 'link', 'add', this.device, 'type', 'veth', 'peer', 'name', 'cable', 'netns', name)
    if (here !== undefined) run('ip', 'address', 'add', here, 'dev', this.device)
    if (bridge !== undefined) run('ip', 'link', 'set', this.device, 'master', bridge)
    run('ip', 'link', 'set', this.device, 'up')
    run(
      'ip',
      '-n',
      name,
      'address',
      'add',
      address,
      'dev',
      'cable',
      ...(address.includes(':') ? ['nodad'] : []),
    )
    run('ip', '-n', name, 'link', 'set', 'cable', 'up')
    const gateway = here?.split('/')[0]
    if (route !== undefined && gateway !== undefined)
      run('ip', '-n', name, 'route', 'add', route, 'via', gateway)
    this.#listener = await Listener.start(name, ports, ['ip', 'netns', 'exec', name])
  }

  /** Whether this was received by UDP. */
  hasHeard(message: string): boolean {
    return this.#listener?.hasHeard(message) ?? false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener?.[Symbol.asyncDispose]()
    // The cable goes with its other end.
    run('ip', 'netns', 'delete', this.#name)
  }
}
