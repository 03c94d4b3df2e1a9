import { execFileSync } from 'node:child_process'
import { appendFileSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { DebianGuest } from './debian-guest.ts'
import { OwnSsh } from './own-ssh.ts'

/**
 * A copy of the files of the Debian guest, where OpenSSH's server answers as the host `debian`: for each connection its own,
 * without a network and with processes of its own, so that nothing of it stays.
 */
export class DebianTree {
  readonly root: string
  readonly #ssh: OwnSsh

  constructor(folder: string, { root, packages }: DebianGuest) {
    this.root = join(folder, 'root')
    const [upper, work] = [join(folder, 'upper'), join(folder, 'work')]
    for (const path of [this.root, upper, work]) mkdirSync(path)
    const layers = `lowerdir=${root},upperdir=${upper},workdir=${work}`
    execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', layers, this.root])
    onTestFinished(() => void execFileSync('umount', [this.root]))
    mkdirSync(join(this.root, 'run/sshd'))
    execFileSync('cp', ['-r', packages, join(this.root, 'packages')])
    const serve = 'mount -t proc proc /proc; exec /usr/sbin/sshd -i'
    const apart = 'unshare --mount --net --pid --fork --kill-child'
    this.#ssh = new OwnSsh(folder, [`ProxyCommand ${apart} chroot ${this.root} sh -c "${serve}"`])
    this.trust(this.file('etc/ssh/ssh_host_ed25519_key.pub'))
  }

  file(path: string): string {
    return readFileSync(join(this.root, path), 'utf8')
  }

  /** What this host's ssh takes for the guest's key. */
  trust(key: string): void {
    this.#ssh.trust('debian', key)
  }

  /** Lets the test's key in as a user, who is made; `command` runs instead of what is asked for. */
  letIn(user: string, command?: string): void {
    if (user !== 'root') execFileSync('chroot', [this.root, 'useradd', '--create-home', user])
    const folder = join(this.root, user === 'root' ? 'root' : `home/${user}`, '.ssh')
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const keys = join(folder, 'authorized_keys')
    const options = command === undefined ? '' : `command="${command}" `
    writeFileSync(keys, options + readFileSync(`${this.#ssh.key}.pub`, 'utf8'))
    if (user === 'root') return
    const id = Number(execFileSync('chroot', [this.root, 'id', '-u', user], { encoding: 'utf8' }))
    for (const path of [folder, keys]) chownSync(path, id, id)
  }

  /** Lets apt find the guest agent. */
  offerPackages(): void {
    appendFileSync(join(this.root, 'etc/apt/sources.list'), 'deb [trusted=yes] file:/packages ./\n')
  }
}
