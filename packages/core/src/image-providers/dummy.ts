import { resolve } from 'node:path'
import { z } from 'zod'
import type { ImageProvider, ImageProviderParameters } from '../image-provider.ts'

/** An image that is a file of this host already. */
export class DummyProvider implements ImageProvider {
  static readonly schema = z.strictObject({})
  readonly #path: string

  constructor({ name, folder }: ImageProviderParameters<object>) {
    this.#path = resolve(folder, name)
  }

  async image(): Promise<string> {
    return this.#path
  }
}
