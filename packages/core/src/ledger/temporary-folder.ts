import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ReleaseStack } from '../common/release-stack.ts'

/** A folder that is gone with all that is in it when it is disposed of, or by `see reap` after a kill. */
export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string
}

/**
 * Makes a folder that only this user can enter.
 * @param prefix of its name
 * @throws SeeError `LEDGER_UNUSABLE` or `DISK_FULL`, or the error of the system that says why it cannot be made
 */
export async function temporaryFolder(prefix: string, parent = tmpdir()): Promise<TemporaryFolder> {
  const { EnvironmentLedger } = await import('./environment-ledger.ts')
  const { hostEntry } = await import('./host-entries.ts')
  const ledger = EnvironmentLedger.begin(randomUUID())
  const path = join(parent, `${prefix}${ledger.identifier}`)
  const releases = new ReleaseStack(ledger)
  const remove = () => ledger.endAfter(() => releases.release())
  try {
    const entry = hostEntry('folder', `the temporary folder ${path}`, { path })
    const recorded = await releases.defer(entry, () => rm(path, { recursive: true, force: true }))
    await mkdir(path, { mode: 0o700 })
    recorded.made()
  } catch (error) {
    await remove()
    throw error
  }
  return { path, [Symbol.asyncDispose]: remove }
}
