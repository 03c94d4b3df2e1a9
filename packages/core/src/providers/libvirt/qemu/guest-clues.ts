import type { GuestClues } from '../../../contract/guest-clues.ts'
import type { TransientDomain } from '../domain/transient-domain.ts'

/** @param domain throws while there is no guest */
export function qemuClues(domain: () => TransientDomain): GuestClues {
  return {
    hypervisorErrors: async () => {
      const { errorsInLog } = await import('./qemu-log.ts')
      return await errorsInLog(domain().name)
    },
    screenText: async (options) => {
      const { vgaText, vgaTextCommand } = await import('../../../common/vga-text.ts')
      return vgaText(await domain().monitorCommand(vgaTextCommand, { ...options, hmp: true }))
    },
  }
}
