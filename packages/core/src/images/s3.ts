import type { ImageOptions, ImageProvider, ImageProviderParameters } from '../contract/image-provider.ts'
import { type S3Configuration, s3Schema } from './s3-schema.ts'

/** An image that is an object of any S3-compatible store; its name is the object's key. */
export class S3Provider implements ImageProvider {
  static readonly schema = s3Schema
  readonly #parameters: ImageProviderParameters<S3Configuration>

  constructor(parameters: ImageProviderParameters<S3Configuration>) {
    this.#parameters = parameters
  }

  async image(options: ImageOptions): Promise<string> {
    const { fetchFromS3 } = await import('./fetch-from-s3.ts')
    return await fetchFromS3(this.#parameters, options)
  }
}
