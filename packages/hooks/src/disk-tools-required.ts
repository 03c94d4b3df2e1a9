import { access, constants } from 'node:fs/promises'
import { messageOf, SeeError } from '@see/core'
import { assertConfinement } from './confined-command.ts'
import { requireTool } from './required-tool.ts'

const FUSE = '/dev/fuse'

interface Wanted {
  readonly identify_files: boolean
  readonly strict: boolean
}

/**
 * Sees that this host has what an analysis of a disk needs.
 * @throws SeeError `TOOL_MISSING`, `TOOL_FAILED` or `CONFINEMENT_FAILED`
 */
export async function requireDiskTools(wanted: Wanted, signal: AbortSignal): Promise<void> {
  for (const name of ['mmls', 'fsstat', 'fls', 'icat']) await requireTool(name, 'sleuthkit')
  if (wanted.strict) await requireTool('fiwalk', 'sleuthkit')
  if (wanted.identify_files) await requireTool('file', 'file')
  await requireTool('blkid', 'util-linux')
  await requireTool('qemu-img', 'qemu-utils')
  await requireTool('qemu-storage-daemon', 'qemu-system-common')
  for (const name of ['unshare', 'nsenter']) await requireTool(name, 'util-linux')
  await assertConfinement(signal)
  try {
    await access(FUSE, constants.R_OK | constants.W_OK)
  } catch (error) {
    throw new SeeError(
      'TOOL_FAILED',
      `disks cannot be read without a copy: ${messageOf(error)}; load the kernel's module fuse, and let this user open ${FUSE}`,
      { cause: error },
    )
  }
}
