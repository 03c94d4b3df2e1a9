import { stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { messageOf, SeeError } from '../common/errors.ts'
import { makeFolder } from '../host/make-folder.ts'

/** Keys of every provider that keeps what it fetches. */
export const keepingShape = {
  path: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Where the image is kept: a file that exists, which is replaced, else a folder, which is made when missing.',
    ),
  target_path: z
    .string()
    .min(1)
    .optional()
    .describe('The older name of `path`, of which one is required: a folder that exists, else a file.'),
  timeout: z
    .number()
    .positive()
    .max(3600)
    .default(30)
    .describe('Seconds that the server may keep silent, or send less than a kilobyte a second.'),
  libvirt_pool: z
    .strictObject({
      hypervisor: z
        .string()
        .min(1)
        .default('qemu:///system')
        .describe("libvirt's URI of the pool's hypervisor."),
      name: z.string().min(1).describe('The name of the pool.'),
    })
    .optional()
    .describe("A storage pool of libvirt's that is refreshed after a download."),
}

interface Place {
  readonly path?: string | undefined
  readonly target_path?: string | undefined
}

export function hasOnePlace({ path, target_path }: Place): boolean {
  return (path === undefined) !== (target_path === undefined)
}

export const ONE_PLACE = 'give either "path" or "target_path": where to keep the image'

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
    await makeFolder(dirname(file), 0o777)
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
