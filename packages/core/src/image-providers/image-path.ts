import { mkdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { messageOf, SeeError } from '../errors.ts'

/** Keys of every provider that keeps what it fetches. */
export const keepingShape = {
  /** Where the image is kept: an existing file, which is replaced, else a folder, made if missing. */
  path: z.string().min(1).optional(),
  /** The older name of `path`: an existing folder, else a file. */
  target_path: z.string().min(1).optional(),
  /** Seconds that a server may keep silent, or send less than a kilobyte a second. */
  timeout: z.number().positive().max(3600).default(30),
  /** A pool of libvirt's that is refreshed once the image is there. */
  libvirt_pool: z
    .strictObject({ hypervisor: z.string().min(1).default('qemu:///system'), name: z.string().min(1) })
    .optional(),
}

interface Place {
  readonly path?: string | undefined
  readonly target_path?: string | undefined
}

export function hasOnePlace({ path, target_path }: Place): boolean {
  return (path === undefined) !== (target_path === undefined)
}

export const ONE_PLACE = 'give either "path" or "target_path": where the image is to be kept'

/**
 * The file in which an image is kept; its folder is made.
 * @param name of the file, if the place is a folder: made of what identifies the image's content
 * @throws SeeError `IMAGE_UNAVAILABLE`
 */
export async function imagePath(place: Place, folder: string, name: string): Promise<string> {
  const given = resolve(folder, place.path ?? place.target_path ?? '')
  const kind = await kindOf(given)
  const isFile = kind === 'file' || (kind === 'missing' && place.path === undefined)
  const file = isFile ? given : join(given, name)
  try {
    await mkdir(dirname(file), { recursive: true })
    return file
  } catch (error) {
    throw new SeeError('IMAGE_UNAVAILABLE', `cannot make the folder of ${file}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

async function kindOf(path: string): Promise<'file' | 'folder' | 'missing'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file'
  } catch {
    return 'missing'
  }
}
