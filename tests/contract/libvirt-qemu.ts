import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { qemuFactory } from '@see/core'
import { leftOf } from '../support/leftovers.ts'
import { withAllDevices, writeTinyGuestResources } from '../support/tiny-guest.ts'
import { abilitiesOf, type FileProvider } from './provider.ts'
import { tinyGuestScripts } from './tiny-guest-scripts.ts'

/** QEMU through libvirt, with the tiny guest. */
export function libvirtQemu(): FileProvider {
  const folder = mkdtempSync(join(tmpdir(), 'see-contract-'))
  const file = writeTinyGuestResources(folder, withAllDevices)
  return {
    name: 'libvirt QEMU',
    resources: file,
    factory: qemuFactory(file),
    abilities: abilitiesOf('qemu'),
    guest: {
      ...tinyGuestScripts,
      unasked: { ...tinyGuestScripts.unasked, killed: { reason: 'failed', signal: null } },
    },
    leftOf,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  }
}
