import { access, constants } from 'node:fs/promises'
import { messageOf, SeeError } from '@see/core'
import { assertConfinement } from '../confinement/confined-command.ts'
import { requireHookTool } from '../processes/required-tool.ts'

const FUSE = '/dev/fuse'

interface DiskAnalysisOptions {
  readonly identify_files: boolean
  readonly strict: boolean
}

/**
 * Sees that this host has what an analysis of a disk needs.
 * @throws SeeError `TOOL_MISSING`, `TOOL_FAILED` or `CONFINEMENT_FAILED`
 */
export async function requireDiskTools(wanted: DiskAnalysisOptions, signal: AbortSignal): Promise<void> {
  for (const name of ['mmls', 'fsstat', 'fls', 'icat'] as const) await requireHookTool(name)
  if (wanted.strict) await requireHookTool('fiwalk')
  if (wanted.identify_files) await requireHookTool('file')
  await requireHookTool('awk')
  await requireHookTool('blkid')
  await requireHookTool('qemu-img')
  await requireHookTool('qemu-storage-daemon')
  for (const name of ['unshare', 'nsenter'] as const) await requireHookTool(name)
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
