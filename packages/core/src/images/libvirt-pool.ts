import { lstat, realpath } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { Hypervisor, isLibvirtError, type StoragePool } from '@see/libvirt'
import { z } from 'zod'
import { messageOf, SeeError } from '../common/errors.ts'
import type { ImageOptions, ImageProvider, ImageProviderParameters } from '../contract/image-provider.ts'
import { escapeXml } from '../common/xml.ts'

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
    await using hypervisor = await open(this.#uri, signal)
    try {
      const pool = await poolAt(hypervisor, folder)
      if (pool !== undefined) return await volumeIn(pool, this.#volume)
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

/**
 * Lets libvirt see what is new in a pool; without a pool, nothing is done.
 * @throws SeeError `HYPERVISOR_UNREACHABLE` or `IMAGE_UNAVAILABLE`
 */
export async function refreshPool(
  pool: { readonly hypervisor: string; readonly name: string } | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (pool === undefined) return
  await using hypervisor = await open(pool.hypervisor, signal)
  try {
    await activate(await hypervisor.storagePoolLookupByName(pool.name))
  } catch (error) {
    throw new SeeError('IMAGE_UNAVAILABLE', `the storage pool ${pool.name}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

async function open(uri: string, signal: AbortSignal): Promise<Hypervisor> {
  try {
    return await Hypervisor.open(uri, { shared: true, signal })
  } catch (error) {
    signal.throwIfAborted()
    throw new SeeError('HYPERVISOR_UNREACHABLE', messageOf(error), { cause: error })
  }
}

async function exists(file: string): Promise<boolean> {
  return await lstat(file).then(
    () => true,
    () => false,
  )
}

async function volumeIn(pool: StoragePool, name: string): Promise<string> {
  if (!(await pool.isActive())) await pool.create()
  try {
    return await (await pool.storageVolLookupByName(name)).getPath()
  } catch (error) {
    if (!isLibvirtError(error) || error.code !== 'VIR_ERR_NO_STORAGE_VOL') throw error
    // It may be newer than the last refresh.
    await pool.refresh()
    return await (await pool.storageVolLookupByName(name)).getPath()
  }
}

async function activate(pool: StoragePool): Promise<void> {
  if (!(await pool.isActive())) await pool.create()
  await pool.refresh()
}

/** The pool over a folder: libvirt itself looks among those that are active only. */
async function poolAt(hypervisor: Hypervisor, path: string): Promise<StoragePool | undefined> {
  const target = `<path>${escapeXml(path)}</path>`
  for (const pool of await hypervisor.listAllStoragePools()) {
    try {
      if ((await pool.getXMLDesc()).includes(target)) return pool
    } catch (error) {
      // Pools of others come and go.
      if (!isLibvirtError(error) || error.code !== 'VIR_ERR_NO_STORAGE_POOL') throw error
    }
  }
  return undefined
}
