import { readdir, readFile } from 'node:fs/promises'
import type { Domain } from '@see/libvirt'
import { SeeError } from '../../errors.ts'

/**
 * The number on this host of the process that is a container's init. It is another one after a restart.
 * @throws SeeError `GUEST_STOPPED`, or `AGENT_UNAVAILABLE` when the daemon's processes are not to be seen from here
 */
export async function containerInit(domain: Domain): Promise<number> {
  // libvirt's id of a container is the process that supervises it, libvirt_lxc. The container has no say in that one.
  const { id, name } = await domain.hypervisor.domainLookupByUUID(domain.uuid)
  if (id < 0) throw stopped(name)
  const [program = '', ...options] = (await readOrEmpty(`/proc/${id}/cmdline`)).split('\0')
  if (!program.endsWith('/libvirt_lxc') || !options.includes(name)) {
    throw new SeeError(
      'AGENT_UNAVAILABLE',
      `process ${id} is not the supervisor of container ${name}: SEE must run on libvirtd's host and see its processes`,
    )
  }
  const tasks = await readdir(`/proc/${id}/task`).catch(() => [])
  const children = await Promise.all(tasks.map((task) => readOrEmpty(`/proc/${id}/task/${task}/children`)))
  const [init] = children.join(' ').trim().split(' ').map(Number)
  if (init === undefined || init === 0) throw stopped(name)
  return init
}

function stopped(name: string): SeeError {
  return new SeeError(
    'GUEST_STOPPED',
    `the container does not run: power it on; if it stopped by itself, /var/log/libvirt/lxc/${name}.log may say why`,
  )
}

async function readOrEmpty(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => '')
}
