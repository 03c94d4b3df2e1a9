import { launchPrograms } from '@see/qemu'
import { requireTool } from './required-tool.ts'

/** What is run beside QEMU, and the Debian packages that have it. */
const others: Readonly<Record<string, string>> = {
  ...launchPrograms,
  mkfifo: 'coreutils',
  'qemu-img': 'qemu-utils',
}

/** The path of QEMU. @throws SeeError `TOOL_MISSING` where a program that a guest needs is not there */
export async function requirePrograms(): Promise<string> {
  const qemu = await requireTool('qemu-system-x86_64', 'qemu-system-x86')
  for (const [program, debianPackage] of Object.entries(others)) await requireTool(program, debianPackage)
  return qemu
}
