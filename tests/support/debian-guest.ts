import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const builder = fileURLToPath(new URL('debian-guest.sh', import.meta.url))

/** A Debian guest as it was installed, without a guest agent. */
export interface DebianGuest {
  /** An image that boots by a BIOS, with ext4. */
  readonly bios: string
  /** One that boots by UEFI, with XFS. */
  readonly uefi: string
  /** A folder with all its files. */
  readonly root: string
  /** A folder that apt takes for an archive, with the guest agent. */
  readonly packages: string
}

/** It is made from packages where it is not there yet, which takes minutes. */
export async function debianGuest(): Promise<DebianGuest> {
  const { stdout } = await promisify(execFile)('bash', [builder])
  const file = (name: string) => join(stdout.trim(), name)
  return {
    bios: file('bios.qcow2'),
    uefi: file('uefi.qcow2'),
    root: file('root'),
    packages: file('packages'),
  }
}
