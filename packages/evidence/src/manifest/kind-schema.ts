import { z } from 'zod'
import { type EvidenceKind, stockKinds } from './kinds.ts'

const ownKind = z.templateLiteral(['x-', z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,99}$/)], {
  error: 'a kind of a third-party hook is `x-` and a name of small letters, digits, `_`, `.` and `-`',
})

/** A kind of evidence: one of SEE's own, or `x-…` of a third-party hook. */
export const kindSchema: z.ZodType<EvidenceKind> = z.union([z.enum(stockKinds), ownKind])
