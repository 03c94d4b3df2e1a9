import type { QmpClient } from '@see/qemu'
import { z } from 'zod'
import { vgaText, vgaTextCommand } from '../../../common/vga-text.ts'
import type { WaitOptions } from '../../../contract/wait-options.ts'

/** The text on the guest's screen; undefined when that shows none. */
export async function screenText(qmp: QmpClient, options: WaitOptions): Promise<string | undefined> {
  const parameters = { 'command-line': vgaTextCommand }
  return vgaText(z.string().parse(await qmp.execute('human-monitor-command', parameters, options)))
}
