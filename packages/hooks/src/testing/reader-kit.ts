import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ReaderKit } from '../disk-changes/kernel/helper-guest-arguments.ts'

const builder = fileURLToPath(new URL('../../../../guest/build.sh', import.meta.url))

let folder: string | undefined

/** The kernel and initramfs that guest/build.sh has made, or makes now. */
export function builtReader(): ReaderKit & { readonly folder: string } {
  // To look whether it is there takes the builder seconds: once for all tests of a process.
  folder ??= execFileSync('bash', [builder], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  return { folder, kernel: join(folder, 'reader.vmlinuz'), initramfs: join(folder, 'reader.initrd') }
}
