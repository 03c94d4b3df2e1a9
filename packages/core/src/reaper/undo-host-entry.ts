import { lstat, unlink } from 'node:fs/promises'
import { basename, isAbsolute } from 'node:path'
import { messageOf, SeeError } from '../common/errors.ts'
import { isCoded } from '../common/is-coded.ts'
import type { LeftEntry, UndoOptions } from '../contract/left.ts'
import { findProcesses, killProcess } from '../host/process-table.ts'
import { removeGroup } from '../host/remove-group.ts'
import { removeTree } from '../host/remove-tree.ts'
import { effectiveUser } from '../ledger/ledger-folder.ts'
import { hostPayloads } from '../ledger/host-entries.ts'

const CONTROL_GROUPS = /^\/sys\/fs\/cgroup\//

/**
 * Undoes one thing that any part of SEE makes on a host, unless it is not there or is not what the entry says.
 * @throws SeeError `UNDO_FAILED` when that does not succeed
 */
export async function undoHostEntry(
  identifier: string,
  { kind, what, payload }: LeftEntry,
  { signal }: UndoOptions,
): Promise<void> {
  try {
    if (kind === 'process') await endProcesses(identifier, hostPayloads.process.parse(payload), signal)
    else if (kind === 'control-group')
      await removeControlGroup(identifier, hostPayloads['control-group'].parse(payload).path, signal)
    else await removePath(identifier, hostPayloads.folder.parse(payload).path, kind)
  } catch (error) {
    signal.throwIfAborted()
    throw new SeeError('UNDO_FAILED', `${what} cannot be removed: ${messageOf(error)}`, { cause: error })
  }
}

async function endProcesses(
  identifier: string,
  { program, argument }: { readonly program: string; readonly argument: string },
  signal: AbortSignal,
): Promise<void> {
  if (!argument.includes(identifier)) throw new Error('the entry does not name the environment')
  const found = await findProcesses(
    (argv) =>
      argv.includes(argument) && argv.some((each) => each === program || each.endsWith(`/${program}`)),
  )
  await Promise.all(found.map((each) => killProcess(each, signal)))
}

async function removeControlGroup(identifier: string, path: string, signal: AbortSignal): Promise<void> {
  assertNamed(path, identifier)
  if (!CONTROL_GROUPS.test(path)) throw new Error(`${path} is not a control group`)
  await removeGroup(path, signal)
}

async function removePath(identifier: string, path: string, kind: string): Promise<void> {
  assertNamed(path, identifier)
  const facts = await lstat(path).catch((error: unknown) => {
    if (isCoded(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  })
  if (facts === undefined || facts.isSymbolicLink()) return
  // Root gives the folder of a guest to the user that its QEMU runs as.
  if (effectiveUser() !== 0 && facts.uid !== effectiveUser()) return
  if (kind === 'folder' && facts.isDirectory()) await removeTree(path)
  if (kind === 'file' && facts.isFile()) await unlink(path)
}

function assertNamed(path: string, identifier: string): void {
  const isPlain = isAbsolute(path) && !path.split('/').includes('..')
  if (!isPlain || !basename(path).includes(identifier))
    throw new Error(`the entry names ${path}, which does not have the environment's identifier`)
}
