import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** This host's ssh with a configuration, keys and known hosts of a test's own, until the test ends. */
export class OwnSsh {
  /** The path of a private key. */
  readonly key: string
  readonly #knownHosts: string

  /** @param settings further lines of the configuration */
  constructor(folder: string, settings: readonly string[] = []) {
    const own = join(folder, 'ssh')
    this.key = join(own, 'key')
    this.#knownHosts = join(own, 'known_hosts')
    mkdirSync(join(own, 'bin'), { recursive: true })
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', this.key])
    const lines = [`IdentityFile ${this.key}`, `UserKnownHostsFile ${this.#knownHosts}`, ...settings]
    const configuration = join(own, 'config')
    writeFileSync(configuration, `${lines.join('\n')}\n`)
    const program = `#!/bin/sh\nexec /usr/bin/ssh -F ${configuration} "$@"\n`
    writeFileSync(join(own, 'bin/ssh'), program, { mode: 0o755 })
    const path = process.env['PATH']
    process.env['PATH'] = `${own}/bin:${path}`
    onTestFinished(() => void (process.env['PATH'] = path))
  }

  /** What ssh takes for the key of a host, as the host's own file has it. */
  trust(host: string, key: string): void {
    writeFileSync(this.#knownHosts, `${host} ${key}`)
  }
}
