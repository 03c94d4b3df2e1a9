import { execFileSync } from 'node:child_process'

const NOBODY = 65_534

/** Does the work as a user who is in the group libvirt and may do nothing else. */
export async function asLibvirtUser<Result>(work: () => Promise<Result>): Promise<Result> {
  const [, , group] = execFileSync('getent', ['group', 'libvirt'], { encoding: 'utf8' }).split(':')
  process.setegid?.(Number(group))
  process.seteuid?.(NOBODY)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
    process.setegid?.(0)
  }
}
