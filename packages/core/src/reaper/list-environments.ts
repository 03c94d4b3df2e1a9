import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { FoundEnvironment, UndoOptions } from '../contract/left.ts'
import { ledgerFolder, ownersFolder } from '../ledger/ledger-folder.ts'
import type { LedgerContent } from '../ledger/ledger-lines.ts'
import { ownerState } from '../ledger/owner-state.ts'
import { type LedgerReading, readLedgers } from '../ledger/read-ledger.ts'
import type { EnvironmentState, ListedEnvironment, ReaperProblem } from './listed-environment.ts'
import { Undoers } from './undoers.ts'

/** What was found on this host. */
export interface EnvironmentList {
  /** The oldest first. */
  readonly environments: readonly ListedEnvironment[]
  /** What could not be asked, such as a daemon that does not answer: it may have more. */
  readonly problems: readonly ReaperProblem[]
}

export interface ListOptions extends UndoOptions {
  /** The ledgers' folder; this user's when not given. */
  readonly folder?: string
}

/**
 * Every environment that this user has something of on this host, from the ledgers and from what providers find.
 * @throws SeeError `LEDGER_UNUSABLE`, or the signal's reason
 */
export async function listEnvironments({
  signal,
  folder = ledgerFolder(),
}: ListOptions): Promise<EnvironmentList> {
  await using undoers = new Undoers()
  const recorded = await listRecorded(folder)
  const { found, problems } = await undoers.find({ signal })
  return { environments: [...recorded, ...(await listFound(found, recorded, folder))], problems }
}

/** Those that have a ledger, the oldest first. */
export async function listRecorded(folder = ledgerFolder()): Promise<readonly ListedEnvironment[]> {
  const readings = await readLedgers(folder)
  const listed = await Promise.all(readings.map(listedReading))
  return listed
    .filter((each) => each !== undefined)
    .toSorted((one, other) => (one.sinceMs ?? 0) - (other.sinceMs ?? 0))
}

/** Those that have none, of owners that would have it in this folder: others are of another user. */
export async function listFound(
  found: readonly FoundEnvironment[],
  recorded: readonly ListedEnvironment[],
  folder: string,
): Promise<readonly ListedEnvironment[]> {
  const known = new Set(recorded.map(({ identifier }) => identifier))
  const unknown = found.filter(
    ({ identifier, owner }) => !known.has(identifier) && dirname(owner.socket) === ownersFolder(folder),
  )
  return await Promise.all(
    unknown.map(async ({ identifier, owner, entries }) => {
      const state = STATES[await ownerState(owner)]
      const holds = [...entries]
      return {
        identifier,
        state,
        owner,
        sinceMs: undefined,
        providers: providersOf(entries),
        holds,
        isRecorded: false,
      }
    }),
  )
}

/** Whether the owner of a ledger lives, or has given up what is in it. */
export async function stateOf({ owner, isEnded }: LedgerContent): Promise<EnvironmentState> {
  const state = STATES[await ownerState(owner)]
  return state === 'alive' && isEnded ? 'left' : state
}

const STATES = { alive: 'alive', dead: 'left', elsewhere: 'elsewhere' } as const

/** One that is being made names nothing that exists. */
async function listedReading(reading: LedgerReading): Promise<ListedEnvironment | undefined> {
  const { identifier, path, state } = reading
  if (state === 'torn') return undefined
  const sinceMs = await begunMs(path)
  const common = { identifier, sinceMs, isRecorded: true }
  if (state === 'unreadable') {
    const problem = `${path} cannot be read: ${reading.why}`
    return { ...common, state: 'unknown', owner: undefined, providers: [], holds: [], problem }
  }
  const { content } = reading
  const { owner, entries: holds } = content
  return { ...common, state: await stateOf(content), owner, providers: providersOf(holds), holds }
}

function providersOf(entries: readonly { readonly provider?: string | undefined }[]): string[] {
  return [...new Set(entries.map(({ provider }) => provider).filter((each) => each !== undefined))]
}

/** Undefined when it is gone meanwhile. Some file systems do not know when a file was made. */
async function begunMs(path: string): Promise<number | undefined> {
  const facts = await stat(path).catch(() => undefined)
  if (facts === undefined) return undefined
  return facts.birthtimeMs > 0 ? facts.birthtimeMs : facts.mtimeMs
}
