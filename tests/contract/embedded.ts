import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { embeddedFactory } from '@see/core'
import { processes } from '../support/leftovers.ts'
import { tinyGuest } from '../support/tiny-guest.ts'
import { abilitiesOf, type FileProvider } from './provider.ts'
import { tinyGuestScripts } from './tiny-guest-scripts.ts'

/** QEMU as a child of this process, with the tiny guest. */
export function embedded(): FileProvider {
  const guest = tinyGuest()
  const folder = mkdtempSync(join(tmpdir(), 'see-'))
  // QEMU runs as a user of its own.
  chmodSync(folder, 0o755)
  const { machine, disk, ...rest } = JSON.parse(readFileSync(join(guest, 'embedded.json'), 'utf8'))
  const file = join(folder, 'resources.json')
  const resources = {
    ...rest,
    machine: { ...machine, kernel: join(guest, machine.kernel), initrd: join(guest, machine.initrd) },
    disk: { image: join(guest, disk.image), clone: { storage_pool_path: join(folder, 'i') } },
  }
  writeFileSync(file, JSON.stringify(resources))
  const left = async (identifier: string) => [
    ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.includes(identifier)),
    ...processes(({ commandLine }) => commandLine.includes(identifier)),
  ]
  return {
    name: 'the embedded QEMU',
    resources: file,
    factory: embeddedFactory(file),
    abilities: abilitiesOf('embedded'),
    guest: {
      ...tinyGuestScripts,
      unasked: { ...tinyGuestScripts.unasked, killed: { reason: 'killed', signal: 'SIGKILL' } },
    },
    leftOf: left,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  }
}
