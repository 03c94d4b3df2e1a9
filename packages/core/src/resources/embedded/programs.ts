import { launchPrograms } from '@see/qemu'
import { requireTool } from '../../required-tool.ts'

/** What is run beside QEMU, and the Debian packages that have it. */
const others: Readonly<Record<string, string>> = {
  ...launchPrograms,
  mkfifo: 'coreutils',
}

/** The paths of QEMU's programs. @throws SeeError `TOOL_MISSING` where one that a guest needs is not there */
export async function requirePrograms(): Promise<{ readonly qemu: string; readonly qemuImg: string }> {
  const qemu = await requireTool('qemu-system-x86_64', 'qemu-system-x86')
  const qemuImg = await requireTool('qemu-img', 'qemu-utils')
  for (const [program, debianPackage] of Object.entries(others)) await requireTool(program, debianPackage)
  return { qemu, qemuImg }
}
