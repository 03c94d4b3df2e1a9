import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import type { QmpClient } from '@see/qemu'
import type { Screenshot } from '../../../contract/screen-ability.ts'
import type { WaitOptions } from '../../../contract/wait-options.ts'
import type { RunFolder } from '../folder/run-folder.ts'
import { openSandboxFile } from '../../../disks/sandbox-file.ts'

/** A picture of the guest's screen; its file is gone once it is open. */
export async function screenShot(
  qmp: QmpClient,
  folder: RunFolder,
  options: WaitOptions,
): Promise<Screenshot> {
  const path = folder.of(`${randomUUID()}.png`)
  try {
    await qmp.execute('screendump', { filename: path, format: 'png' }, options)
    const file = await openSandboxFile(path)
    return { mimeType: 'image/png', data: file.createReadStream() }
  } finally {
    await rm(path, { force: true })
  }
}
