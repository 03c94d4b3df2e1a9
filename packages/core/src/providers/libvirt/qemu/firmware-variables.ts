import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { StoragePool } from '@see/libvirt'
import { messageOf, SeeError } from '../../../common/errors.ts'
import { createRawVolume } from '../storage/storage-pool.ts'
import { upload } from '../storage/upload.ts'

/** Larger than any flash memory of a machine of QEMU's. */
const MOST_BYTES = 64 * 1024 * 1024

/**
 * Copies a file with the variables of a firmware into the environment's folder.
 * @returns the path of the copy
 * @throws SeeError `FILE_UNREADABLE` or `STORAGE_FAILED`
 */
export async function copyVariables(file: string, pool: StoragePool | undefined): Promise<string> {
  if (pool === undefined) {
    const message = `the variables in ${file} cannot be copied, since there is no "disk" in the resources file: name the firmware by <loader>, or remove <nvram>`
    throw new SeeError('DOMAIN_XML_INVALID', message)
  }
  const length = await sizeOf(file)
  try {
    const volume = await createRawVolume(pool, `${pool.name}_VARS.fd`, length)
    await upload(createReadStream(file, { end: length - 1 }), volume, length)
    return await volume.getPath()
  } catch (error) {
    throw new SeeError('STORAGE_FAILED', `cannot copy ${file}: ${messageOf(error)}`, { cause: error })
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    const facts = await stat(file)
    if (!facts.isFile() || facts.size === 0 || facts.size > MOST_BYTES)
      throw new Error('it does not have the size of a firmware’s variables')
    return facts.size
  } catch (error) {
    throw new SeeError('FILE_UNREADABLE', `cannot read ${file}: ${messageOf(error)}`, { cause: error })
  }
}
