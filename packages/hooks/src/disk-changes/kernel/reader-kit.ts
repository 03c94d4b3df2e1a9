import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, SeeError } from '@see/core'
import type { ReaderKit } from './helper-guest-arguments.ts'
import { requireHookTool } from '../../processes/required-tool.ts'

const AUTO = 'auto'
const KERNEL = 'reader.vmlinuz'
const INITRAMFS = 'reader.initrd'
const ADVICE = 'run guest/build.sh of the SEE repository, or name the folder that it printed as "reader"'
const OTHERS_MAY_WRITE = 0o022

/**
 * Finds with what the helper guest boots.
 * @param reader a folder, `auto` for where `guest/build.sh` puts it, or null for none
 * @returns why there is nothing, when that is so; undefined when none is wanted
 */
export async function readerKit(
  reader: string | null,
): Promise<ReaderKit | { readonly missing: string } | undefined> {
  if (reader === null) return undefined
  try {
    await requireHookTool('qemu-system-x86_64')
    if (reader !== AUTO) return await kitIn(reader)
  } catch (error) {
    return { missing: messageOf(error) }
  }
  for (const cache of caches()) {
    const kit = await newestIn(cache)
    if (kit !== undefined) return kit
  }
  return { missing: `there is no ${INITRAMFS} for a kernel that could: ${ADVICE}` }
}

/**
 * Sees that a folder that is named is one to boot from.
 * @throws SeeError `FILE_UNREADABLE`
 */
export async function requireReader(reader: string | null): Promise<void> {
  if (reader === null || reader === AUTO) return
  const kit = await readerKit(reader)
  if (kit === undefined || !('missing' in kit)) return
  throw new SeeError(
    'FILE_UNREADABLE',
    `no kernel for disks can be booted from "reader", ${reader}: ${kit.missing}`,
  )
}

/** Where guest/build.sh puts what it makes. */
function caches(): string[] {
  const { SEE_GUEST_CACHE: chosen } = process.env
  const own = `/var/tmp/see-${process.getuid?.() ?? 0}/guest`
  return [...(chosen === undefined || chosen === '' ? [] : [chosen]), own, '/var/cache/see/guest']
}

async function newestIn(cache: string): Promise<ReaderKit | undefined> {
  const found: { kit: ReaderKit; made: number }[] = []
  for (const name of await readdir(cache).catch(() => [])) {
    // One that is still being made.
    if (name.startsWith('.')) continue
    const kit = await kitIn(join(cache, name)).catch(() => undefined)
    if (kit !== undefined) found.push({ kit, made: (await lstat(kit.initramfs)).mtimeMs })
  }
  return found.toSorted((a, b) => b.made - a.made)[0]?.kit
}

/** What another user could have put there would say of a disk whatever that user likes. */
async function kitIn(folder: string): Promise<ReaderKit> {
  const kit = { kernel: join(folder, KERNEL), initramfs: join(folder, INITRAMFS) }
  for (const path of [folder, kit.kernel, kit.initramfs]) {
    const { uid, mode } = await lstat(path)
    if ((uid !== 0 && uid !== process.getuid?.()) || (mode & OTHERS_MAY_WRITE) !== 0) {
      throw new Error(`${path} belongs to another user, or others may write to it`)
    }
  }
  return kit
}
