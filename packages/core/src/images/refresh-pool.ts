import { messageOf, SeeError } from '../common/errors.ts'

/**
 * Has libvirt look for new volumes in a pool; without a pool, nothing is done, and libvirt's client is not loaded.
 * @throws SeeError `HYPERVISOR_UNREACHABLE` or `IMAGE_UNAVAILABLE`
 */
export async function refreshPool(
  pool: { readonly hypervisor: string; readonly name: string } | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (pool === undefined) return
  const { openPools, refreshNamed } = await poolVolumes()
  await using hypervisor = await openPools(pool.hypervisor, signal)
  try {
    await refreshNamed(hypervisor, pool.name)
  } catch (error) {
    throw new SeeError('IMAGE_UNAVAILABLE', `the storage pool ${pool.name}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/** TypeScript leaves a `.ts` as it is in a function with `await using`. */
async function poolVolumes() {
  return await import('./pool-volumes.ts')
}
