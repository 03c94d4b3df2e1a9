import { constants } from 'node:fs'
import { type FileHandle, open, readdir } from 'node:fs/promises'
import { messageOf } from '../common/errors.ts'
import { isCoded } from '../common/is-coded.ts'
import { effectiveUser, hasLedgerFolder, ledgerFolder, ledgerPath } from './ledger-folder.ts'
import { type LedgerContent, parseLedger } from './ledger-lines.ts'

const NAME = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.jsonl$/
/** An environment records some ten things. */
const MOST_BYTES = 4 * 1024 * 1024
const MOST_LEDGERS = 10_000

interface LedgerFile {
  readonly identifier: string
  readonly path: string
}

/** What came of reading a ledger. */
export type LedgerReading =
  | (LedgerFile & { readonly state: 'read'; readonly modifiedMs: number; readonly content: LedgerContent })
  /** Without a whole line: it is being made, or its process was killed before it had made anything. */
  | (LedgerFile & { readonly state: 'torn'; readonly modifiedMs: number; readonly why: string })
  /** Not understood, and to be kept. */
  | (LedgerFile & { readonly state: 'unreadable'; readonly why: string })

/**
 * Every ledger in the folder, at most 10,000.
 * @throws SeeError `LEDGER_UNUSABLE` when the folder is not this user's
 */
export async function readLedgers(folder = ledgerFolder()): Promise<readonly LedgerReading[]> {
  if (!(await hasLedgerFolder(folder))) return []
  const found: LedgerReading[] = []
  for (const name of (await readdir(folder)).slice(0, MOST_LEDGERS)) {
    const [, identifier] = NAME.exec(name) ?? []
    const reading = identifier === undefined ? undefined : await readLedger(folder, identifier)
    if (reading !== undefined) found.push(reading)
  }
  return found
}

/** Undefined when there is none. */
export async function readLedger(folder: string, identifier: string): Promise<LedgerReading | undefined> {
  const path = ledgerPath(folder, identifier)
  const ledger = { identifier, path }
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const { modifiedMs, bytes } = await readOwn(file)
    const content = parseLedger(bytes)
    if (content === undefined) return { ...ledger, state: 'torn', modifiedMs, why: 'it has no whole line' }
    if (content.identifier !== identifier) throw new Error(`it is of ${content.identifier}`)
    return { ...ledger, state: 'read', modifiedMs, content }
  } catch (error) {
    if (isCoded(error, 'ENOENT')) return undefined
    const why = isCoded(error, 'ELOOP') ? 'it is a link' : messageOf(error)
    return { ...ledger, state: 'unreadable', why }
  }
}

async function readOwn(file: FileHandle): Promise<{ readonly modifiedMs: number; readonly bytes: Buffer }> {
  const facts = await file.stat()
  if (!facts.isFile()) throw new Error('it is not a file')
  if (facts.uid !== effectiveUser()) throw new Error('it belongs to another user')
  const bytes = Buffer.alloc(Math.min(facts.size, MOST_BYTES + 1))
  const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
  if (bytesRead > MOST_BYTES) throw new Error(`it has more than ${MOST_BYTES} bytes`)
  return { modifiedMs: facts.mtimeMs, bytes: bytes.subarray(0, bytesRead) }
}
