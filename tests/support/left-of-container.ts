import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Hypervisor } from '@see/libvirt'
import { mounts, processes } from './leftovers.ts'
import { run } from './network-namespace.ts'

/** Whatever this host has of a container's environment. */
export async function leftOfContainer(identifier: string): Promise<string[]> {
  await using hypervisor = await Hypervisor.open('lxc:///')
  const all = await Promise.all([hypervisor.listAllDomains(), hypervisor.listAllNetworks()])
  const controllers = readdirSync('/sys/fs/cgroup').flatMap((controller) => {
    const machines = join('/sys/fs/cgroup', controller, 'machine')
    return existsSync(machines) ? readdirSync(machines) : []
  })
  const named = [
    ...all.flat().map(({ name }) => name),
    ...mounts(),
    ...processes(() => true),
    ...readdirSync('/run/libvirt/lxc'),
    ...run('nft', 'list', 'tables').split('\n'),
  ]
  // A container's name is cut to ten characters in its control group.
  const short = `-${identifier.slice(0, 10)}`
  return [
    ...named.filter((each) => each.includes(identifier)),
    ...controllers.filter((each) => each.includes(short)),
  ]
}
