import type { StockErrorCode } from './error-codes.ts'

export type SeeErrorCode = StockErrorCode

/** A message is for people: what is longer quotes something at length. */
const MESSAGE_CHARACTERS = 4000

/** An error that says what went wrong, where, and what to do; `code` is stable. */
export class SeeError extends Error {
  override readonly name: string = 'SeeError'
  readonly code: SeeErrorCode

  constructor(code: SeeErrorCode, message: string, options?: ErrorOptions) {
    super(message.length > MESSAGE_CHARACTERS ? `${message.slice(0, MESSAGE_CHARACTERS)}…` : message, options)
    this.code = code
  }
}

/** The message of anything thrown, even of what throws when it is printed. */
export function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error)
  } catch {
    return 'something that cannot be printed'
  }
}
