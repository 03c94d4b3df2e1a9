import type { Logger } from '../logger.ts'
import { type DiskFormat, detectDiskFormat } from './disk-image.ts'
import { type ImageConfiguration, imageProvider } from './image.ts'

/** An image as a file of this host. */
export interface FetchedImage {
  readonly path: string
  readonly format: DiskFormat
}

interface FetchOptions {
  /** Against which a path in the configuration is resolved. */
  readonly folder: string
  readonly logger: Logger
  readonly signal: AbortSignal
}

/** @throws SeeError `HOOK_LOAD`, `CONFIGURATION_INVALID`, `IMAGE_INVALID`, or what the provider throws */
export async function fetchImage(
  image: ImageConfiguration,
  { folder, logger, signal }: FetchOptions,
): Promise<FetchedImage> {
  const provider = await imageProvider(image, folder)
  const path = await provider.image({ signal, logger })
  return { path, format: await detectDiskFormat(path) }
}
