import { z } from 'zod'

/**
 * What any part of SEE makes on this host, and how it is undone from another process: `folder` and `file` have the
 * identifier in the last part of their path, and are removed unless that is a link; a `process` has `program` and
 * `argument` as whole arguments of its command line, `argument` with the identifier in it; a `control-group` is named
 * after the identifier.
 */
export const hostPayloads = {
  folder: z.strictObject({ path: z.string() }),
  file: z.strictObject({ path: z.string() }),
  process: z.strictObject({ program: z.string(), argument: z.string() }),
  'control-group': z.strictObject({}),
} as const

export type HostKind = keyof typeof hostPayloads

export const hostKinds = Object.keys(hostPayloads)
