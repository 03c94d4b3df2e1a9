import { lstat, realpath } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { z } from 'zod'
import { messageOf, SeeError } from '../common/errors.ts'
import type { ImageOptions, ImageProvider, ImageProviderParameters } from '../contract/image-provider.ts'

const schema = z.strictObject({
  hypervisor: z.string().min(1).default('qemu:///system').describe("libvirt's URI."),
  storage_pool_path: z.string().min(1).describe("The pool's folder."),
})

/**
 * A volume of a libvirt storage pool. A pool that is defined but stopped is started. If the folder belongs to no pool, the
 * file in it is used: creating a pool would make libvirt read the headers of all images there and open what they name.
 */
export class LibvirtPoolProvider implements ImageProvider {
  static readonly schema = schema
  readonly isLocal = true
  readonly #volume: string
  readonly #uri: string
  readonly #path: string

  constructor({ name, configuration, folder }: ImageProviderParameters<z.output<typeof schema>>) {
    // The reference takes a slash before it.
    this.#volume = name.replace(/^\/+/, '')
    this.#uri = configuration.hypervisor
    this.#path = resolve(folder, configuration.storage_pool_path)
  }

  async image({ signal, inspect }: ImageOptions): Promise<string> {
    const folder = await this.#folder()
    if (basename(this.#volume) !== this.#volume)
      throw this.#missing(folder, 'a volume has no slash in its name')
    const file = join(folder, this.#volume)
    // Before libvirt sees it. It may be missing until the pool is started.
    if (await exists(file)) await inspect?.(file)
    const { openPools, volumeAt } = await poolVolumes()
    await using hypervisor = await openPools(this.#uri, signal)
    try {
      const volume = await volumeAt(hypervisor, folder, this.#volume)
      if (volume !== undefined) return volume
      if (await exists(file)) return file
    } catch (error) {
      signal.throwIfAborted()
      throw this.#missing(folder, error)
    }
    throw this.#missing(folder, 'there is no such file')
  }

  /** As libvirt knows it: without links. */
  async #folder(): Promise<string> {
    try {
      return await realpath(this.#path)
    } catch (error) {
      throw this.#missing(this.#path, error)
    }
  }

  #missing(path: string, error: unknown): SeeError {
    return new SeeError(
      'IMAGE_UNAVAILABLE',
      `no image ${this.#volume} in the storage pool ${path}: ${messageOf(error)}`,
      { cause: error },
    )
  }
}

/** What needs libvirt's client, which is loaded with it. TypeScript leaves a `.ts` as it is in a function with `await using`. */
async function poolVolumes() {
  return await import('./pool-volumes.ts')
}

async function exists(file: string): Promise<boolean> {
  return await lstat(file).then(
    () => true,
    () => false,
  )
}
