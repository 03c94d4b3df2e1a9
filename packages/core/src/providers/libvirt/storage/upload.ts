import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { StorageVolume } from '@see/libvirt'
import { timeoutSignal } from '../../../common/timeout-signal.ts'

const OPEN_MS = 60_000
/** Slower than any disk: what takes longer has stopped. A connection with a stream has no keepalive that would notice. */
const LEAST_BYTES_PER_MS = 100

/**
 * Writes a volume through libvirt.
 * @throws what reading or libvirt failed with, or a TimeoutError once it takes longer than a slow disk
 */
export async function upload(source: Readable, volume: StorageVolume, bytes: number): Promise<void> {
  const target = await volume.upload({ length: bytes, timeoutMs: OPEN_MS })
  const signal = timeoutSignal(Math.ceil(OPEN_MS + bytes / LEAST_BYTES_PER_MS))
  await pipeline(source, target, { signal })
}
