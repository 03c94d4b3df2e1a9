import { readdir, readFile } from 'node:fs/promises'
import type { Domain } from '@see/libvirt'
import { SeeError } from '../../../common/errors.ts'
import { isNoDomain } from '../domain/no-domain.ts'

/**
 * The number on this host of the process that is a container's init. It is another one after a restart.
 * @throws SeeError `GUEST_STOPPED`, `AGENT_UNRESPONSIVE` while it stops or restarts, or `AGENT_UNAVAILABLE` when the
 * daemon's processes are not visible from here
 */
export async function containerInit(domain: Domain): Promise<number> {
  // libvirt's id of a container is the process that supervises it, libvirt_lxc. The container has no say in that one.
  const id = await currentId(domain)
  const { name } = domain
  if (id < 0) {
    const log = `/var/log/libvirt/lxc/${name}.log`
    throw new SeeError(
      'GUEST_STOPPED',
      `the container does not run: power it on; if it stopped on its own, ${log} may say why`,
    )
  }
  const [program = '', ...options] = (await readOrEmpty(`/proc/${id}/cmdline`)).split('\0')
  if (program === '') throw unseen(name)
  if (!program.endsWith('/libvirt_lxc') || !options.includes(name)) {
    throw new SeeError(
      'AGENT_UNAVAILABLE',
      `process ${id} is not the supervisor of container ${name}: SEE must run on libvirtd's host and see its processes`,
    )
  }
  const tasks = await readdir(`/proc/${id}/task`).catch(() => [])
  const children = await Promise.all(tasks.map((task) => readOrEmpty(`/proc/${id}/task/${task}/children`)))
  const [init] = children.join(' ').trim().split(' ').map(Number)
  if (init === undefined || init === 0) throw unseen(name)
  return init
}

async function currentId({ hypervisor, uuid }: Domain): Promise<number> {
  try {
    return (await hypervisor.domainLookupByUUID(uuid)).id
  } catch (error) {
    if (isNoDomain(error)) return -1
    throw error
  }
}

/** So it is for a moment when a container stops or restarts. */
function unseen(name: string): SeeError {
  return new SeeError('AGENT_UNRESPONSIVE', `no process of container ${name} is visible on this host now`)
}

async function readOrEmpty(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => '')
}
