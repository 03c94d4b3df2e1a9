import type { ImageOptions, ImageProvider, ImageProviderParameters } from '../contract/image-provider.ts'
import { type GlanceConfiguration, glanceSchema } from './glance-schema.ts'

/** An image of OpenStack's Glance, by its id, or by its name: the newest active one that has it. */
export class GlanceProvider implements ImageProvider {
  static readonly schema = glanceSchema
  readonly #parameters: ImageProviderParameters<GlanceConfiguration>

  constructor(parameters: ImageProviderParameters<GlanceConfiguration>) {
    this.#parameters = parameters
  }

  async image(options: ImageOptions): Promise<string> {
    const { fetchFromGlance } = await import('./fetch-from-glance.ts')
    return await fetchFromGlance(this.#parameters, options)
  }
}
