import type { ErrorFacts, StockErrorCode } from './error-codes.ts'

/**
 * The codes that errors may have. Open: a package adds its own by declaration merging, always through
 * `declare module '@see/core'`, and gives their facts to `declareError`.
 */
export interface ErrorCodeMap extends Readonly<Record<StockErrorCode, ErrorFacts>> {}

export type SeeErrorCode = Extract<keyof ErrorCodeMap, string>

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
