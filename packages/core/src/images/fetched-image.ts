import { resolve } from 'node:path'
import type { DiskFormat } from '../disks/disk-format.ts'
import type { DiskImage } from '../disks/disk-image.ts'
import { readImageChain } from '../disks/image-chain.ts'
import type { Logger } from '../common/logger.ts'
import { type ImageConfiguration, imageProvider } from './image.ts'

/** The keys of a resources file's `disk` that concern its image. */
interface WantedImage {
  readonly image: ImageConfiguration
  readonly format?: DiskFormat | undefined
  readonly backing_folders?: readonly string[]
}

interface FetchOptions {
  /** Against which a path in the configuration is resolved. */
  readonly folder: string
  readonly logger: Logger
  readonly signal: AbortSignal
}

/**
 * Fetches an image to this host and checks its header and backing chain.
 * @throws SeeError `HOOK_LOAD`, `CONFIGURATION_INVALID`, `IMAGE_INVALID`, `IMAGE_REFUSED`, or what the provider throws
 */
export async function fetchImage(
  { image, format, backing_folders: folders = [] }: WantedImage,
  { folder, logger, signal }: FetchOptions,
): Promise<DiskImage> {
  const provider = await imageProvider(image, folder)
  const backingFolders = folders.map((each) => resolve(folder, each))
  const rules = { isLocal: provider.isLocal === true, backingFolders, format }
  const inspect = async (path: string): Promise<void> => void (await readImageChain(path, rules))
  return await readImageChain(await provider.image({ signal, logger, inspect }), rules)
}
