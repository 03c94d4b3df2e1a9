import { z } from 'zod'
import type { OwnerRecord } from '../common/owner-record.ts'
import type { LeftEntry } from '../contract/left.ts'

export const LEDGER_VERSION = 1
const LONGEST_TEXT = 4096

const ownerSchema = z.object({
  socket: z.string().max(LONGEST_TEXT),
  pid: z.int().positive(),
  start: z.int().nonnegative(),
  boot: z.string().max(LONGEST_TEXT),
  host: z.string().max(LONGEST_TEXT),
}) satisfies z.ZodType<OwnerRecord>

const versionSchema = z.object({ version: z.int() })

const headSchema = z.object({
  version: z.literal(LEDGER_VERSION),
  identifier: z.guid(),
  owner: ownerSchema,
})

const entrySchema = z.object({
  entry: z.int().positive(),
  provider: z.string().max(LONGEST_TEXT).optional(),
  kind: z.string().max(LONGEST_TEXT),
  what: z.string().max(LONGEST_TEXT),
  payload: z.record(z.string(), z.unknown()),
}) satisfies z.ZodType<LeftEntry>

const lineSchema = z.union([
  entrySchema,
  z.object({ undone: z.int().positive() }),
  z.object({ ended: z.literal(true) }),
])

/** An entry in a ledger, with its number there. */
type LedgerEntry = z.output<typeof entrySchema>

/** What a ledger says. */
export interface LedgerContent {
  readonly identifier: string
  readonly owner: OwnerRecord
  /** What has not been undone, in the order in which it was recorded. */
  readonly entries: readonly LedgerEntry[]
  /** Whether its environment ended: what is left is unowned then, although the owner may live. */
  readonly isEnded: boolean
  /** Number of bytes up to the end of the last whole line. */
  readonly bytes: number
}

/** One line of a ledger. */
export type LedgerLine = z.input<typeof headSchema> | z.input<typeof lineSchema>

export function formatLine(line: LedgerLine): string {
  return `${JSON.stringify(line)}\n`
}

/**
 * What is after the last end of a line was being written when its process was killed, and is left out: what it names was
 * not made.
 * @returns undefined when there is no whole line
 * @throws Error saying what is wrong
 */
export function parseLedger(bytes: Buffer): LedgerContent | undefined {
  const end = bytes.lastIndexOf('\n') + 1
  const [first, ...rest] = bytes.toString('utf8', 0, end).split('\n').slice(0, -1)
  if (first === undefined) return undefined
  const head: unknown = JSON.parse(first)
  const { version } = versionSchema.parse(head)
  if (version !== LEDGER_VERSION)
    throw new Error(`it has the version ${version}, and this SEE reads ${LEDGER_VERSION}`)
  const { identifier, owner } = headSchema.parse(head)
  const entries = new Map<number, LedgerEntry>()
  let isEnded = false
  for (const text of rest) {
    const line = lineSchema.parse(JSON.parse(text))
    if ('entry' in line) entries.set(line.entry, line)
    else if ('undone' in line) entries.delete(line.undone)
    else isEnded = true
  }
  return { identifier, owner, entries: [...entries.values()], isEnded, bytes: end }
}
