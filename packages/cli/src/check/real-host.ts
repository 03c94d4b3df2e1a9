import { access, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Hypervisor } from '@see/libvirt'
import type { Host } from './host.ts'
import { runProgram } from './run-program.ts'

export const realHost: Host = {
  nodeVersion: process.versions.node,
  architecture: process.arch,
  userIsRoot: process.geteuid?.() === 0,
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
    return await access(path).then(
      () => true,
      () => false,
    )
  },
}

/** Where guest/build.sh keeps what it builds. */
function defaultCache(): string {
  const user = process.getuid?.() ?? 0
  return user === 0 ? '/var/cache/see/guest' : `/var/tmp/see-${user}/guest`
}
