import { access, constants, readdir, stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { messageOf, requireTool } from '@see/core'
import { assertConfinement } from '@see/hooks'
import { Hypervisor } from '@see/libvirt'
import type { Host } from './host.ts'
import { runProgram } from './run-program.ts'

export const realHost: Host = {
  nodeVersion: process.versions.node,
  architecture: process.arch,
  userIsRoot: process.geteuid?.() === 0,
  userName: userName(),
  run: runProgram,

  async libvirtVersion(uri, { signal }) {
    await using hypervisor = await Hypervisor.open(uri, { signal })
    const { major, minor, release } = await hypervisor.getLibVersion({ signal })
    return `${major}.${minor}.${release}`
  },

  async guestFolder() {
    const cache = process.env['SEE_GUEST_CACHE'] ?? defaultCache()
    const names = await readdir(cache).catch(() => [])
    const found: { path: string; modifiedMs: number }[] = []
    for (const name of names) {
      const path = join(cache, name)
      const kernel = await stat(join(path, 'vmlinuz')).catch(() => undefined)
      if (kernel !== undefined) found.push({ path, modifiedMs: kernel.mtimeMs })
    }
    return found.toSorted((a, b) => b.modifiedMs - a.modifiedMs)[0]?.path
  },

  async exists(path) {
    return await isAllowed(path, constants.F_OK)
  },

  async mayOpen(path) {
    return await isAllowed(path, constants.R_OK | constants.W_OK)
  },

  async find(program) {
    return await requireTool(program, program).catch(() => undefined)
  },

  async confinementProblem(signal) {
    return await assertConfinement(signal).then(() => undefined, messageOf)
  },
}

async function isAllowed(path: string, mode: number): Promise<boolean> {
  return await access(path, mode).then(
    () => true,
    () => false,
  )
}

/** A user without an entry in the system's list has a number only. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.geteuid?.() ?? '')
  }
}

/** Where guest/build.sh keeps what it builds. */
function defaultCache(): string {
  const user = process.getuid?.() ?? 0
  return user === 0 ? '/var/cache/see/guest' : `/var/tmp/see-${user}/guest`
}
