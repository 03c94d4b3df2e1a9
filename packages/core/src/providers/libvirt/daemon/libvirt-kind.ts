import { isLibvirtError, LibvirtConnectionError } from '@see/libvirt'
import type { z } from 'zod'
import type { JournalEntry } from '../../../common/journal.ts'
import type { UndoOptions } from '../../../contract/left.ts'
import { Daemons } from './daemons.ts'

/** One thing of an environment that is undone. */
export interface Undoing<Payload> extends UndoOptions {
  readonly identifier: string
  readonly payload: Payload
  readonly daemons: Daemons
}

/** A kind of things that are recorded and undone through libvirt or beside it. */
export interface LibvirtKind<Payload> {
  readonly kind: string
  readonly payload: z.ZodType<Payload>
  /** Whether such a thing survives a power failure. */
  readonly isLasting: boolean
  /** Undoes one from any process: what is not there is undone. */
  readonly undo: (undoing: Undoing<Payload>) => Promise<void>
}

export function entryOf<Payload extends Readonly<Record<string, unknown>>>(
  { kind, isLasting }: LibvirtKind<Payload>,
  what: string,
  payload: Payload,
): JournalEntry {
  return { kind, what, payload, isLasting }
}

interface RecordedThing<Payload> {
  readonly identifier: string
  readonly kind: LibvirtKind<Payload>
  readonly payload: Payload
}

/**
 * A release through the connection of the environment. Where that is lost, the thing is undone as another process
 * would: by a new connection, or without the daemon.
 */
export function evenAfterLoss<Payload>(
  thing: RecordedThing<Payload>,
  release: () => unknown,
): () => Promise<void> {
  return async () => {
    try {
      await release()
    } catch (error) {
      if (!(error instanceof LibvirtConnectionError)) throw error
      await undoAsOthers(thing)
    }
  }
}

/** Undoes a thing of which it is not known how much of it a daemon has made. */
export async function undoAsOthers<Payload>({
  identifier,
  kind,
  payload,
}: RecordedThing<Payload>): Promise<void> {
  await using daemons = new Daemons()
  await kind.undo({ identifier, payload, daemons, signal: new AbortController().signal })
}

/** What a lookup finds, or undefined where libvirt says, by that code, that there is no such thing. */
export async function unlessMissing<Thing>(
  code: 'VIR_ERR_NO_DOMAIN' | 'VIR_ERR_NO_NETWORK' | 'VIR_ERR_NO_STORAGE_POOL' | 'VIR_ERR_NO_NWFILTER',
  lookup: Promise<Thing>,
): Promise<Thing | undefined> {
  try {
    return await lookup
  } catch (error) {
    if (isLibvirtError(error) && error.code === code) return undefined
    throw error
  }
}
