import type { z } from 'zod'
import type { Logger } from './logger.ts'

export interface ImageOptions {
  readonly signal: AbortSignal
  /** Hears how a download goes: lines at level `info` with `progress: { bytes, totalBytes }`. */
  readonly logger?: Logger | undefined
}

/** Fetches a disk image from wherever it is kept. */
export interface ImageProvider {
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
