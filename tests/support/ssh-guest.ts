import { execFileSync } from 'node:child_process'
import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { tinyGuest } from './tiny-guest.ts'

/** What OpenSSH's key generator needs beyond what the tiny guest has. */
const LIBRARY = /=> (\S*\/(?:libcrypto|libselinux)\.so\S*)/g

/**
 * Makes the tiny guest's disk one of a guest with SSH: the key generator is there, and host keys.
 * @returns the image's path, and the public part of a key of each type
 */
export function imageWithSsh(folder: string, types: readonly string[]): { image: string; keys: string[] } {
  const [raw, image] = [join(folder, 'ssh.raw'), join(folder, 'ssh.qcow2')]
  execFileSync('qemu-img', ['convert', '-O', 'raw', join(tinyGuest(), 'disk.qcow2'), raw])
  const keygen = '/usr/bin/ssh-keygen'
  const libraries = execFileSync('ldd', [keygen], { encoding: 'utf8' }).matchAll(LIBRARY)
  const directory = '/usr/lib/x86_64-linux-gnu'
  const programs = [
    [keygen, keygen],
    ...Array.from(libraries, ([, path = '']) => [path, `${directory}/${basename(path)}`] as const),
  ] as const
  const keys = types.map((type) => {
    const path = join(folder, `ssh_host_${type}_key`)
    execFileSync(keygen, ['-q', '-t', type, '-N', '', '-f', path])
    return path
  })
  const files = keys.flatMap((path) => [path, `${path}.pub`])
  const commands = [
    'mkdir /etc/ssh',
    ...programs.flatMap(([from, to]) => [`write ${from} ${to}`, `sif ${to} mode 0100755`]),
    ...files.map((path) => `write ${path} /etc/ssh/${basename(path)}`),
  ]
  const script = join(folder, 'ssh.debugfs')
  writeFileSync(script, `${commands.join('\n')}\n`)
  execFileSync('debugfs', ['-w', '-f', script, raw], { stdio: 'ignore' })
  execFileSync('qemu-img', ['convert', '-O', 'qcow2', raw, image])
  chmodSync(image, 0o644)
  for (const path of [raw, script]) rmSync(path)
  return { image, keys: keys.map((path) => `${path}.pub`) }
}
