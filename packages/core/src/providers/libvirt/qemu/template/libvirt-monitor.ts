import type { Domain } from '@see/libvirt'
import { z } from 'zod'
import type { Monitor } from '../../../../templates/monitor.ts'

const answer = z.object({
  return: z.unknown(),
  error: z.object({ desc: z.string() }).optional(),
})

/** The monitor of a running domain's QEMU, by way of libvirt. */
export function libvirtMonitor(domain: Domain): Monitor {
  return {
    async execute(command, parameters = {}, { signal } = {}) {
      const text = JSON.stringify({ execute: command, arguments: parameters })
      const { return: result, error } = answer.parse(
        JSON.parse(await domain.monitorCommand(text, signal === undefined ? {} : { signal })),
      )
      if (error !== undefined) throw new Error(`QEMU refuses ${command}: ${error.desc}`)
      return result
    },
  }
}
