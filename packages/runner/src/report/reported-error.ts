import { messageOf, SeeError } from '@see/core'
import { LibvirtConnectionError, LibvirtError } from '@see/libvirt'

/** An error as documents in JSON have it. */
export interface ReportedError {
  /** Null for what is not an error of SEE or libvirt. */
  readonly code: string | null
  readonly message: string
  /** The members of an error that combines several. */
  readonly errors?: readonly ReportedError[]
}

export function reportedError(error: unknown): ReportedError {
  const message = messageOf(error)
  if (error instanceof AggregateError) return { code: null, message, errors: error.errors.map(reportedError) }
  const coded =
    error instanceof SeeError || error instanceof LibvirtError || error instanceof LibvirtConnectionError
  return { code: coded ? error.code : null, message }
}
