import { messageOf, SeeError, type SeeErrorCode } from '../../../common/errors.ts'

/** What `parse` makes of a file of the user's; what it throws is reported with the file's name. */
export function rethrowAs<Result>(code: SeeErrorCode, where: string, parse: () => Result): Result {
  try {
    return parse()
  } catch (error) {
    throw new SeeError(code, `${where}: ${messageOf(error)}`, { cause: error })
  }
}
