import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const PROGRAM = `
import { Environment, lxcFactory, qemuFactory } from '@see/core'
const [configuration, power, provider] = JSON.parse(process.argv[1])
const factory = provider === 'lxc' ? lxcFactory(configuration) : qemuFactory(configuration)
const environment = await Environment.allocate(factory)
if (power) await environment.context.poweron()
process.stdin.once('end', async () => {
  await environment.deallocate()
})
process.stdin.resume()
process.stdout.write(environment.identifier)
`

/** Another process with an environment of its own, until it is disposed of or killed. */
export class OtherProcess implements AsyncDisposable {
  readonly identifier: string
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, identifier: string) {
    this.#child = child
    this.identifier = identifier
  }

  static async start(
    configuration: object,
    { power = false, provider = 'lxc' }: { power?: boolean; provider?: 'lxc' | 'qemu' } = {},
  ): Promise<OtherProcess> {
    const argv = ['--input-type=module', '-e', PROGRAM, JSON.stringify([configuration, power, provider])]
    const child = spawn(process.execPath, argv, {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const [identifier] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
    return new OtherProcess(child, String(identifier))
  }

  kill(): Promise<void> {
    return this.#end(() => this.#child.kill('SIGKILL'))
  }

  /** Also cleans up what libvirt leaves of a container that was not cleaned up. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end(() => this.#child.stdin?.end())
    for (const kind of ['dev', 'devpts', 'fuse', 'sock']) {
      rmSync(`/run/libvirt/lxc/${this.identifier}.${kind}`, { recursive: true, force: true })
    }
  }

  async #end(how: () => void): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    how()
    await exit
  }
}
