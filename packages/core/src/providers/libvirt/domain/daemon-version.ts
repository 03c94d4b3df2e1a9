import type { Hypervisor } from '@see/libvirt'

/** The version of the daemon at the other end of each connection, for as long as the connection is in use. */
const versions = new WeakMap<object, Promise<string>>()

/** The daemon's version, asked once for each connection, however many environments share it. */
export async function daemonVersion(hypervisor: Hypervisor): Promise<string> {
  const asked = versions.get(hypervisor.connection) ?? ask(hypervisor)
  versions.set(hypervisor.connection, asked)
  return await asked.catch(async () => {
    // The one who asked may have left meanwhile.
    versions.delete(hypervisor.connection)
    return await ask(hypervisor)
  })
}

async function ask(hypervisor: Hypervisor): Promise<string> {
  const { major, minor, release } = await hypervisor.getLibVersion()
  return `${major}.${minor}.${release}`
}
