import type { QmpClient } from '@see/qemu'
import { z } from 'zod'
import type { WaitOptions } from '../../../contract/wait-options.ts'

const chardevs = z.array(z.object({ label: z.string(), 'frontend-open': z.boolean() }))

/** Whether a program of the guest has opened a port, of which QEMU's end has this label. */
export async function hasOpenPort(qmp: QmpClient, port: string, options?: WaitOptions): Promise<boolean> {
  const ports = chardevs.parse(await qmp.execute('query-chardev', {}, options))
  return ports.some(({ label, 'frontend-open': isOpen }) => label === port && isOpen)
}
