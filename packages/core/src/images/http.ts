import type { ImageOptions, ImageProvider, ImageProviderParameters } from '../contract/image-provider.ts'
import { type HttpConfiguration, httpSchema } from './http-schema.ts'
import { parseHttpUrl } from './http-url.ts'

/** An image from a web server; the checksum says which, so it is downloaded once. */
export class HttpProvider implements ImageProvider {
  static readonly schema = httpSchema
  readonly #parameters: ImageProviderParameters<HttpConfiguration>

  /** @throws SeeError `CONFIGURATION_INVALID` */
  constructor(parameters: ImageProviderParameters<HttpConfiguration>) {
    parseHttpUrl(parameters.name)
    this.#parameters = parameters
  }

  async image(options: ImageOptions): Promise<string> {
    const { fetchOverHttp } = await import('./fetch-over-http.ts')
    return await fetchOverHttp(this.#parameters, options)
  }
}
