import { vgaText, vgaTextCommand } from '../../../common/vga-text.ts'
import type { WaitOptions } from '../../../contract/wait-options.ts'
import type { TransientDomain } from '../domain/transient-domain.ts'

/** The text on the guest's screen; undefined when that shows none. */
export async function screenText(domain: TransientDomain, options: WaitOptions): Promise<string | undefined> {
  return vgaText(await domain.monitorCommand(vgaTextCommand, { ...options, hmp: true }))
}
