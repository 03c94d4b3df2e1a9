import { constants } from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, SeeError } from '../../../common/errors.ts'

/** What confines a container's init beside its namespaces: programs that join it must be confined like it. */
export interface Confinement {
  /** The files to which a process writes its number to come under the container's limits and its freezer. */
  readonly cgroupFiles: readonly string[]
  /** The numbers of the capabilities that can be acquired. */
  readonly capabilities: readonly number[]
}

/** Facts: capabilities(7), setns(2). */
const NEEDED = [
  { number: 18, name: 'sys_chroot' },
  { number: 19, name: 'sys_ptrace' },
  { number: 21, name: 'sys_admin' },
]

/** @throws SeeError `AGENT_UNAVAILABLE` */
export async function confinementOf(init: number): Promise<Confinement> {
  try {
    const capabilities = capabilitiesIn(await readFile(`/proc/${init}/status`, 'latin1'))
    const own = await readFile('/proc/self/cgroup', 'utf8')
    const cgroupFiles = cgroupFilesIn(await readFile(`/proc/${init}/cgroup`, 'utf8'), own)
    for (const file of cgroupFiles) await access(file, constants.W_OK)
    return { cgroupFiles, capabilities }
  } catch (error) {
    if (error instanceof SeeError) throw error
    throw new SeeError('AGENT_UNAVAILABLE', `cannot join the container: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

function capabilitiesIn(status: string): number[] {
  const bits = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`)
  const numbers = Array.from({ length: 64 }, (_, number) => number)
  const capabilities = numbers.filter((number) => (bits >> BigInt(number)) & 1n)
  const lacking = NEEDED.find(({ number }) => !capabilities.includes(number))
  if (lacking === undefined) return capabilities
  throw new SeeError(
    'AGENT_UNAVAILABLE',
    `the container's XML takes the capability ${lacking.name} away, without which nothing can join it; allow it in <features><capabilities>`,
  )
}

/** The groups that the container has to itself: where it is in ours, there is nothing to join. */
function cgroupFilesIn(cgroups: string, own: string): string[] {
  const ours = new Set(own.split('\n'))
  return cgroups.split('\n').flatMap((line) => {
    const match = /^\d+:([^:]*):(.*)$/.exec(line)
    if (match === null || ours.has(line)) return []
    const [, controllers = '', path = ''] = match
    return [join(hierarchy(controllers), path, 'cgroup.procs')]
  })
}

/** Where a hierarchy is mounted; the one of version 2 has no controllers in its line. */
function hierarchy(controllers: string): string {
  return join('/sys/fs/cgroup', controllers.replace(/^name=/, ''))
}
