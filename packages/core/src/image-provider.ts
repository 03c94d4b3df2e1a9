import type { z } from 'zod'
import type { Logger } from './logger.ts'

export interface ImageOptions {
  readonly signal: AbortSignal
  /** Hears how a download goes: lines at level `info` with `progress: { bytes, totalBytes }`. */
  readonly logger?: Logger | undefined
  /**
   * Reads what the header of an image leads to; call it before libvirt or a program opens an image that was fetched.
   * @throws SeeError `IMAGE_INVALID` or `IMAGE_REFUSED`
   */
  readonly inspect?: ((path: string) => Promise<void>) | undefined
}

/** Fetches a disk image from wherever it is kept. */
export interface ImageProvider {
  /**
   * Whether images of this provider were put on this host by its owner: only then may their headers name files beside
   * them. Those of others may name files of `disk.backing_folders` alone.
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
