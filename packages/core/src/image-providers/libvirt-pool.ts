import { randomUUID } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Hypervisor, LibvirtError, type StoragePool } from '@see/libvirt'
import { z } from 'zod'
import { messageOf, SeeError } from '../errors.ts'
import type { ImageOptions, ImageProvider, ImageProviderParameters } from '../image-provider.ts'
import { escapeXml } from '../resources/xml.ts'

/** Others may make and remove a pool over the same folder while we look. */
const ATTEMPTS = 20
const PAUSE_MS = 50

const schema = z.strictObject({
  hypervisor: z.string().min(1).default('qemu:///system').describe("libvirt's URI."),
  storage_pool_path: z.string().min(1).describe("The pool's folder."),
})

/**
 * A volume of a storage pool of libvirt's. A pool that is defined and stopped is started. Where no pool is, one is made
 * for the moment of the question; it is transient, and the folder's content is left alone.
 */
export class LibvirtPoolProvider implements ImageProvider {
  static readonly schema = schema
  readonly #volume: string
  readonly #uri: string
  readonly #path: string

  constructor({ name, configuration, folder }: ImageProviderParameters<z.output<typeof schema>>) {
    // The reference takes a slash before it.
    this.#volume = name.replace(/^\/+/, '')
    this.#uri = configuration.hypervisor
    this.#path = resolve(folder, configuration.storage_pool_path)
  }

  async image({ signal }: ImageOptions): Promise<string> {
    const path = await this.#folder()
    await using hypervisor = await open(this.#uri, signal)
    for (let attempt = 1; ; attempt++) {
      try {
        return await lookUp(hypervisor, path, this.#volume)
      } catch (error) {
        signal.throwIfAborted()
        if (!isCrossed(error) || attempt === ATTEMPTS) throw this.#missing(path, error)
        await sleep(PAUSE_MS, undefined, { signal })
      }
    }
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

async function lookUp(hypervisor: Hypervisor, path: string, volume: string): Promise<string> {
  const present = await poolAt(hypervisor, path)
  // Transient: it is gone once it is stopped, even if it is not us who stop it.
  const pool = present ?? (await hypervisor.storagePoolCreateXML(poolXml(path)))
  try {
    await activate(pool)
    return await (await pool.storageVolLookupByName(volume)).getPath()
  } finally {
    if (present === undefined) await pool.destroy()
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
      if (!isCrossed(error)) throw error
    }
  }
  return undefined
}

/** Somebody else made or removed a pool over the folder in between. */
function isCrossed(error: unknown): boolean {
  if (!(error instanceof LibvirtError)) return false
  return (
    error.code === 'VIR_ERR_NO_STORAGE_POOL' ||
    error.code === 'VIR_ERR_OPERATION_INVALID' ||
    /storage source conflict/i.test(error.message)
  )
}

function poolXml(path: string): string {
  return `<pool type="dir"><name>see-${randomUUID()}</name><target><path>${escapeXml(path)}</path></target></pool>`
}
