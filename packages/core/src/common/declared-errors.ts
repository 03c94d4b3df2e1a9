import { type ErrorFacts, errorCodes, type ExitClass, type StockErrorCode } from './error-codes.ts'
import { SeeError, type SeeErrorCode } from './errors.ts'

const exitClasses: ReadonlySet<string> = new Set<ExitClass>(['usage', 'sandbox', 'hook', 'deadline'])

const declared = new Map<string, ErrorFacts>()

/**
 * Says at run time what `ErrorCodeMap` says to the compiler: that errors may have this code. A module that adds to
 * `ErrorCodeMap` calls it once for each code. The same declaration twice is allowed.
 * @throws SeeError `ERROR_CODE_INVALID` for a stock code, a code that has other facts, or an unknown exit class
 */
export function declareError(code: Exclude<SeeErrorCode, StockErrorCode>, facts: ErrorFacts): void {
  const { meaning, advice, exit } = facts
  // The compiler refuses it; JavaScript does not.
  if (Object.hasOwn(errorCodes, code)) {
    throw invalid(`"${code}" is a stock error code; give yours another name`)
  }
  if (!exitClasses.has(exit)) {
    throw invalid(`the exit class of error code "${code}" has to be "usage", "sandbox", "hook" or "deadline"`)
  }
  const before = declared.get(code)
  if (before === undefined) declared.set(code, { meaning, advice, exit })
  else if (before.meaning !== meaning || before.advice !== advice || before.exit !== exit) {
    throw invalid(
      `error code "${code}" is declared already, with another meaning, advice or exit class: "${before.meaning}"; give yours another name`,
    )
  }
}

/** The facts of a stock code or a declared one; undefined for any other. */
export function errorFacts(code: string): ErrorFacts | undefined {
  return isStockErrorCode(code) ? errorCodes[code] : declared.get(code)
}

export function isStockErrorCode(code: string): code is StockErrorCode {
  return Object.hasOwn(errorCodes, code)
}

function invalid(message: string): SeeError {
  return new SeeError('ERROR_CODE_INVALID', message)
}
