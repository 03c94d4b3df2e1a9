import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { qemuFactory } from '@see/core'
import { leftOf } from '../support/leftovers.ts'
import { tinyGuest } from '../support/tiny-guest.ts'
import type { FileProvider } from './provider.ts'
import { tinyGuestScripts } from './tiny-guest-scripts.ts'

/** Beside what the tiny guest has: a console, a device that tells of a crash, and leave to suspend itself. */
function withMore(xml: string): string {
  const devices = '<serial type="pty"/><panic model="isa"/></devices>'
  return xml
    .replace('</devices>', devices)
    .replace('<devices>', '<pm><suspend-to-mem enabled="yes"/></pm><devices>')
}

/** QEMU through libvirt, with the tiny guest. */
export function libvirtQemu(): FileProvider {
  const guest = tinyGuest()
  const folder = mkdtempSync(join(tmpdir(), 'see-contract-'))
  const resources = JSON.parse(readFileSync(join(guest, 'resources.json'), 'utf8'))
  resources.disk.image = join(guest, resources.disk.image)
  writeFileSync(join(folder, 'domain.xml'), withMore(readFileSync(join(guest, 'domain.xml'), 'utf8')))
  const file = join(folder, 'resources.json')
  writeFileSync(file, JSON.stringify(resources))
  return {
    name: 'libvirt QEMU',
    resources: file,
    factory: qemuFactory(file),
    abilities: new Set(['screen', 'memory', 'disk', 'console', 'trace']),
    guest: tinyGuestScripts,
    leftOf,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  }
}
