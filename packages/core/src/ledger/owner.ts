import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import type { OwnerRecord } from '../contract/left.ts'
import { ownersFolder, unusableLedger } from './ledger-folder.ts'
import { thisProcess } from './this-process.ts'

/** Called when this process begins to own something; what it returns is called when it owns nothing any more. */
export type OwnerListener = (owner: OwnerRecord, folder: string) => () => void

const listeners = new Set<OwnerListener>()

/** Has something done while this process owns things. Disposing of the result ends that. */
export function onOwner(listener: OwnerListener): Disposable {
  listeners.add(listener)
  return { [Symbol.dispose]: () => void listeners.delete(listener) }
}

interface Ownership {
  readonly opened: Promise<OpenOwner>
  holders: number
}

interface OpenOwner {
  readonly record: OwnerRecord
  readonly server: Server
  readonly ends: readonly (() => void)[]
}

/** Of this process, by the folder. */
const ownerships = new Map<string, Ownership>()

/** This process, as the owner of things that are recorded in a folder. */
export interface Owner extends AsyncDisposable {
  readonly record: OwnerRecord
}

/**
 * Makes this process an owner in the folder, until every holder has disposed of its own: it listens at a socket there. The
 * kernel refuses who connects as soon as the process has ended, however it ended; that is true in every namespace, and
 * never another process's.
 * @throws SeeError `LEDGER_UNUSABLE` or `DISK_FULL`
 */
export async function holdOwner(folder: string): Promise<Owner> {
  const ownership = ownerships.get(folder) ?? { opened: open(folder), holders: 0 }
  ownerships.set(folder, ownership)
  ownership.holders++
  const leave = async (): Promise<void> => {
    if (--ownership.holders > 0) return
    ownerships.delete(folder)
    const owner = await ownership.opened.catch(() => undefined)
    if (owner !== undefined) await close(owner)
  }
  try {
    const { record } = await ownership.opened
    return { record, [Symbol.asyncDispose]: leave }
  } catch (error) {
    await leave()
    throw error
  }
}

async function open(folder: string): Promise<OpenOwner> {
  const socket = join(ownersFolder(folder), randomUUID())
  const server = createServer((peer) => void peer.destroy())
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ path: socket, exclusive: true }, resolve)
    })
  } catch (error) {
    throw unusableLedger(socket, error)
  }
  const record = { socket, ...(await thisProcess()) }
  return { record, server: server.unref(), ends: [...listeners].map((each) => each(record, folder)) }
}

/** Node removes the socket's file. */
async function close({ server, ends }: OpenOwner): Promise<void> {
  for (const end of ends) end()
  await new Promise((resolve) => void server.close(resolve))
}
