import { readFile } from 'node:fs/promises'
import { messageOf, SeeError, type SeeErrorCode } from '../errors.ts'

/** @throws SeeError `FILE_UNREADABLE` */
export async function readXml(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new SeeError('FILE_UNREADABLE', `cannot read ${file}: ${messageOf(error)}`, { cause: error })
  }
}

/** What `parse` makes of a file of the user's; what it throws is told with the file's name. */
export function orInvalid<Result>(code: SeeErrorCode, where: string, parse: () => Result): Result {
  try {
    return parse()
  } catch (error) {
    throw new SeeError(code, `${where}: ${messageOf(error)}`, { cause: error })
  }
}
