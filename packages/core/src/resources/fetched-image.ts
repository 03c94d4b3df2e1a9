import type { Logger } from '../logger.ts'
import { type DiskImage, detectDiskFormat } from './disk-image.ts'
import { type ImageConfiguration, imageProvider } from './image.ts'

interface FetchOptions {
  /** Against which a path in the configuration is resolved. */
  readonly folder: string
  readonly logger: Logger
  readonly signal: AbortSignal
}

/**
 * An image as a file of this host.
 * @throws SeeError `HOOK_LOAD`, `CONFIGURATION_INVALID`, `IMAGE_INVALID`, or what the provider throws
 */
export async function fetchImage(
  image: ImageConfiguration,
  { folder, logger, signal }: FetchOptions,
): Promise<DiskImage> {
  const provider = await imageProvider(image, folder)
  const path = await provider.image({ signal, logger })
  return { path, format: await detectDiskFormat(path) }
}
