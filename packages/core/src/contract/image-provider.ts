import type { z } from 'zod'
import type { Logger } from '../common/logger.ts'

export interface ImageOptions {
  readonly signal: AbortSignal
  /** Hears how a download goes: lines at level `info` with `progress: { bytes, totalBytes }`. */
  readonly logger?: Logger | undefined
  /**
   * Checks the header of an image and its backing chain. Call it before libvirt or any program opens a fetched image.
   * @throws SeeError `IMAGE_INVALID` or `IMAGE_REFUSED`
   */
  readonly inspect?: ((path: string) => Promise<void>) | undefined
}

/** Fetches a disk image from wherever it is kept. */
export interface ImageProvider {
  /**
   * Whether the host's administrator put the images there. If not, their headers may only name files in
   * `disk.backing_folders`; if so, also files in their own folder. Default: false.
   */
  readonly isLocal?: boolean
  /** Makes the image available and returns its absolute path. */
  image(options: ImageOptions): Promise<string>
}

export interface ImageProviderParameters<Configuration> {
  /** What the resources' configuration calls the image. */
  readonly name: string
  readonly configuration: Configuration
  /** The folder against which relative paths are resolved. */
  readonly folder: string
}

/** A class of image providers; its configuration is parsed with its schema before it is constructed. */
export interface ImageProviderClass<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema
  new (parameters: ImageProviderParameters<z.output<Schema>>): ImageProvider
}
