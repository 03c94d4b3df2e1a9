import { resolve } from 'node:path'
import { z } from 'zod'
import type { ImageProvider, ImageProviderParameters } from '../contract/image-provider.ts'

const schema = z.strictObject({
  path: z.string().min(1).optional().describe('The folder against which the image is resolved.'),
})

/** An image that is a file of this host already. */
export class DummyProvider implements ImageProvider {
  static readonly schema = schema
  readonly isLocal = true
  readonly #path: string

  constructor({ name, configuration, folder }: ImageProviderParameters<z.output<typeof schema>>) {
    this.#path = resolve(folder, configuration.path ?? '', name)
  }

  async image(): Promise<string> {
    return this.#path
  }
}
