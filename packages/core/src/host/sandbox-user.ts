import { randomInt } from 'node:crypto'
import { stat } from 'node:fs/promises'
import type { QemuUser } from '@see/qemu'

/** Numbers that systemd, Debian and others do not use. */
const FIRST_UID = 1_879_048_192
const LAST_UID = 2_147_483_646
/** The group of all sandboxes, without any other member: the files of templates are open to it. */
export const SANDBOX_GID = 1_900_000_000

/** The number of a user that no other sandbox has, and no person. */
export function freshUid(): number {
  return randomInt(FIRST_UID, LAST_UID + 1)
}

/** A user of its own for each sandbox where root starts it, so that none can touch another's; else, we ourselves. */
export async function sandboxUser(accelerator: 'tcg' | 'kvm'): Promise<QemuUser | undefined> {
  if (process.geteuid?.() !== 0) return undefined
  const uid = freshUid()
  const kvm = accelerator === 'kvm' ? await stat('/dev/kvm').catch(() => undefined) : undefined
  // Never root's own group.
  const groups = kvm === undefined || kvm.gid === 0 ? [] : [kvm.gid]
  return { uid, gid: SANDBOX_GID, groups }
}
