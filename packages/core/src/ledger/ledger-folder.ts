import { lstat, mkdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { messageOf, SeeError } from '../common/errors.ts'
import { isCoded } from '../common/is-coded.ts'
import { makeFolder } from '../host/make-folder.ts'

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const UNFINISHED = new RegExp(`^${UUID}\\.jsonl\\.(${UUID})$`)

/** Where this user's ledgers are on this host. */
export function ledgerFolder(uid = effectiveUser()): string {
  return uid === 0 ? '/var/lib/see/ledger' : `/var/tmp/see-${uid}/ledger`
}

/** The folder of the sockets at which owners listen. */
export function ownersFolder(folder: string): string {
  return join(folder, 'owners')
}

/** Path of an environment's ledger. */
export function ledgerPath(folder: string, identifier: string): string {
  return join(folder, `${identifier}.jsonl`)
}

/**
 * Path of a ledger that is being made, by the socket of its owner: it gets the ledger's name once it is whole, and is
 * without an owner when no process listens there.
 */
export function unfinishedLedger(path: string, socket: string): string {
  return `${path}.${basename(socket)}`
}

/** The socket of an unfinished ledger's owner; undefined when the name is not that of one. */
export function socketOfUnfinished(folder: string, name: string): string | undefined {
  const [, owner] = UNFINISHED.exec(name) ?? []
  return owner === undefined ? undefined : join(ownersFolder(folder), owner)
}

/**
 * Makes the folder and that of the sockets, where they are missing.
 * @throws SeeError `LEDGER_UNUSABLE`, also when another user could write there, or `DISK_FULL`
 */
export async function makeLedgerFolder(folder: string): Promise<void> {
  try {
    await makeFolder(dirname(folder), 0o755)
    await mkdir(folder, { mode: 0o700 }).catch(unlessThere)
    await mkdir(ownersFolder(folder), { mode: 0o700 }).catch(unlessThere)
  } catch (error) {
    throw unusableLedger(folder, error)
  }
  // Where every user may create files, the name could be another user's trap.
  for (const each of [dirname(folder), folder, ownersFolder(folder)]) await assertOwn(each)
}

/** Whether there is a folder of this user's, which no other user can write to. @throws SeeError `LEDGER_UNUSABLE` */
export async function hasLedgerFolder(folder: string): Promise<boolean> {
  const facts = await lstat(folder).catch(() => undefined)
  if (facts === undefined) return false
  for (const each of [dirname(folder), folder]) await assertOwn(each)
  return true
}

export function unusableLedger(path: string, error: unknown): SeeError {
  const code = isCoded(error, 'ENOSPC', 'EDQUOT') ? 'DISK_FULL' : 'LEDGER_UNUSABLE'
  const message = `cannot record in ${path} what is about to be made: ${messageOf(error)}`
  return new SeeError(code, message, { cause: error })
}

async function assertOwn(path: string): Promise<void> {
  const facts = await lstat(path).catch((error: unknown) => {
    throw unusableLedger(path, error)
  })
  const isClosed = (facts.mode & 0o022) === 0
  if (facts.isDirectory() && facts.uid === effectiveUser() && isClosed) return
  throw new SeeError(
    'LEDGER_UNUSABLE',
    `${path} is not a folder of yours that only you can write to: see who made it, and remove it or mend its owner and mode`,
  )
}

export function effectiveUser(): number {
  return process.geteuid?.() ?? 0
}

function unlessThere(error: unknown): void {
  if (!isCoded(error, 'EEXIST')) throw error
}
