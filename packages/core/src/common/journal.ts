import type { OwnerRecord } from './owner-record.ts'

/** What is about to be made, so that another process can undo it should this one be killed. */
export interface JournalEntry {
  /** Says who can undo it: one of the kinds of this host, or one that a provider declares. */
  readonly kind: string
  /** Names the thing, for people. */
  readonly what: string
  /** What is needed to undo it from another process; it has to go through JSON. */
  readonly payload: Readonly<Record<string, unknown>>
  /** Whether the thing survives a power failure, as a file does or a definition of libvirt's; no when not given. */
  readonly isLasting?: boolean
}

/** An entry that is on disk. */
export interface Recorded {
  /** Says that the thing now exists. Only observers of the steps hear of it. */
  made(): void
  /** Says that undoing it begins. */
  undoing(): void
  /** Strikes the entry out. It never fails: an entry that stays is undone twice, which does no harm. */
  undone(): Promise<void>
}

/** Where entries are written before anything is made. */
export interface Journal {
  /**
   * Resolves when the entry is on disk.
   * @param provider the name of the provider that makes the thing; undefined for what is not of a provider
   * @throws SeeError when it cannot be written; then nothing must be made
   */
  record(entry: JournalEntry, provider: string | undefined): Promise<Recorded>
  /**
   * This process as the owner of what is recorded; undefined where nothing is.
   * @throws SeeError when it cannot be one
   */
  owner(): Promise<OwnerRecord | undefined>
}

const unrecorded: Recorded = {
  made: () => undefined,
  undoing: () => undefined,
  undone: async () => undefined,
}

/** Keeps nothing: for what dies with the process. */
export const noJournal: Journal = { record: async () => unrecorded, owner: async () => undefined }
