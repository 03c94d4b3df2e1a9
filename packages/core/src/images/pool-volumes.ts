import { Hypervisor, isLibvirtError, type StoragePool } from '@see/libvirt'
import { messageOf, SeeError } from '../common/errors.ts'
import { escapeXml } from '../common/escape-xml.ts'

/** For a call that libvirtd works on, in milliseconds. */
const CALL_MS = 600_000

/** @throws SeeError `HYPERVISOR_UNREACHABLE`, or the signal's reason */
export async function openPools(uri: string, signal: AbortSignal): Promise<Hypervisor> {
  try {
    return await Hypervisor.open(uri, { shared: true, signal, callTimeoutMs: CALL_MS })
  } catch (error) {
    signal.throwIfAborted()
    throw new SeeError('HYPERVISOR_UNREACHABLE', messageOf(error), { cause: error })
  }
}

/** The path of a volume in the pool over a folder, which is started if it is stopped; undefined without such a pool. */
export async function volumeAt(
  hypervisor: Hypervisor,
  folder: string,
  name: string,
): Promise<string | undefined> {
  const pool = await poolAt(hypervisor, folder)
  return pool === undefined ? undefined : await volumeIn(pool, name)
}

/** Starts a pool if it is stopped, and has libvirt look for new volumes in it. */
export async function refreshNamed(hypervisor: Hypervisor, name: string): Promise<void> {
  const pool = await hypervisor.storagePoolLookupByName(name)
  if (!(await pool.isActive())) await pool.create()
  await pool.refresh()
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
