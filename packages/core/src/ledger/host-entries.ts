import { z } from 'zod'
import type { JournalEntry } from '../common/journal.ts'

/**
 * What any part of SEE makes on this host, and how it is undone from another process: `folder` and `file` have the
 * identifier in the last part of their path, and are removed unless that is a link; a `process` has `program` and
 * `argument` as whole arguments of its command line, `program` perhaps as the end of a path, `argument` with the
 * identifier in it; a `control-group` has the identifier in its name.
 */
export const hostPayloads = {
  folder: z.strictObject({ path: z.string() }),
  file: z.strictObject({ path: z.string() }),
  process: z.strictObject({ program: z.string(), argument: z.string() }),
  'control-group': z.strictObject({ path: z.string() }),
} as const

const LASTING: ReadonlySet<HostKind> = new Set(['folder', 'file'])

export type HostKind = keyof typeof hostPayloads

export const hostKinds = Object.keys(hostPayloads)

/** An entry of such a kind. */
export function hostEntry<Kind extends HostKind>(
  kind: Kind,
  what: string,
  payload: z.output<(typeof hostPayloads)[Kind]>,
): JournalEntry {
  return { kind, what, payload, isLasting: LASTING.has(kind) }
}
