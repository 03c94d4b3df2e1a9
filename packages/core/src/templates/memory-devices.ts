import { z } from 'zod'
import type { Monitor } from './monitor.ts'

/** Where QEMU keeps every device that it was given, with a name of its own or without. */
const PLACES = ['/machine/peripheral', '/machine/peripheral-anon'] as const
/** Devices that change the file of the memory: they punch what the guest gives back out of it, or share it. */
const TYPE = /^child<(?<type>virtio-(?:balloon|mem|pmem)|nvdimm|pc-dimm|ivshmem|vhost-user)/

const objects = z.array(z.object({ type: z.string() }))

/**
 * Whether the memory's file stays as it is, whatever the guests that map it do: asked of QEMU itself, whichever way it was
 * given its devices.
 * @throws Error naming a device that would change it
 */
export async function assertMemoryStays(monitor: Monitor, signal: AbortSignal): Promise<void> {
  for (const path of PLACES) {
    const found = objects.parse(await monitor.execute('qom-list', { path }, { signal }))
    const type = found
      .map((each) => TYPE.exec(each.type)?.groups?.['type'])
      .find((each) => each !== undefined)
    if (type === undefined) continue
    throw new Error(
      `its device ${type} changes the memory that all clones share: remove it from the domain's XML`,
    )
  }
}
