import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import type { OwnerRecord } from '../common/owner-record.ts'
import { makeLedgerFolder, ownersFolder, unusableLedger } from './ledger-folder.ts'
import { thisProcess } from './this-process.ts'

/** Called when this process begins to own something; what it returns is called when it owns nothing any more. */
export type OwnerListener = (owner: OwnerRecord, folder: string) => () => void

const listeners = new Set<OwnerListener>()

/** Has something done while this process owns things, from now on. Disposing of the result ends that. */
export function onOwner(listener: OwnerListener): Disposable {
  listeners.add(listener)
  // It may own something already, such as a temporary folder, and go on to what it owns then.
  for (const [folder, { opened }] of ownerships) {
    const begin = ({ record, ends }: OpenOwner): void => {
      if (!ends.has(listener)) ends.set(listener, listener(record, folder))
    }
    opened.then(begin).catch(() => undefined)
  }
  return { [Symbol.dispose]: () => void listeners.delete(listener) }
}

interface Ownership {
  readonly opened: Promise<OpenOwner>
  holders: number
  lingering: NodeJS.Timeout | undefined
}

interface OpenOwner {
  readonly record: OwnerRecord
  readonly server: Server
  /** What listeners and this module have to end with it. */
  readonly ends: Map<OwnerListener | 'socket', () => void>
}

/** Environments often follow one another. */
const LINGER_MS = 1000

/** This process's ownerships, by the folder. */
const ownerships = new Map<string, Ownership>()

/** This process, as the owner of things that are recorded in a folder. */
export interface Owner extends Disposable {
  readonly record: OwnerRecord
}

/**
 * Makes this process an owner in the folder, until a second after every holder has let go: it listens at a socket there. The
 * kernel refuses who connects as soon as the process has ended, however it ended; that is true in every namespace, and
 * never another process's.
 * @throws SeeError `LEDGER_UNUSABLE` or `DISK_FULL`
 */
export async function holdOwner(folder: string): Promise<Owner> {
  const ownership = ownerships.get(folder) ?? { opened: open(folder), holders: 0, lingering: undefined }
  ownerships.set(folder, ownership)
  ownership.holders++
  clearTimeout(ownership.lingering)
  try {
    const { record } = await ownership.opened
    return { record, [Symbol.dispose]: () => letGo(folder, ownership) }
  } catch (error) {
    ownerships.delete(folder)
    throw error
  }
}

function letGo(folder: string, ownership: Ownership): void {
  if (--ownership.holders > 0) return
  const end = async (): Promise<void> => {
    ownerships.delete(folder)
    await close(await ownership.opened)
  }
  ownership.lingering = setTimeout(() => void end(), LINGER_MS).unref()
}

async function open(folder: string): Promise<OpenOwner> {
  await makeLedgerFolder(folder)
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
  const removeSocket = (): void => rmSync(socket, { force: true })
  process.once('exit', removeSocket)
  const ends: OpenOwner['ends'] = new Map([['socket', () => process.off('exit', removeSocket)]])
  for (const each of listeners) ends.set(each, each(record, folder))
  return { record, server: server.unref(), ends }
}

/** Node removes the socket's file then, but not when the process ends. */
async function close({ server, ends }: OpenOwner): Promise<void> {
  for (const end of ends.values()) end()
  await new Promise((resolve) => void server.close(resolve))
}
