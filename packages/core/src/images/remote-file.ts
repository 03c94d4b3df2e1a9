import type { Readable } from 'node:stream'
import { discard, type HttpResponse, statusError } from './http-client.ts'
import { RemoteError } from './remote-error.ts'

/** A part of a remote file, from `offset` to its end. */
export interface RemotePart {
  /** Where it begins, in bytes: what was asked for, or 0 from servers that know no parts. */
  readonly offset: number
  /** The size of the whole file, if the server reports it. */
  readonly totalBytes: number | undefined
  readonly body: Readable
}

export interface RemoteFile {
  /** Names it to the user, without credentials. */
  readonly what: string
  /** The size that it must have, when it is known beforehand. */
  readonly bytes?: number | undefined
  /** @throws RemoteError, or the signal's reason */
  open(offset: number, signal: AbortSignal): Promise<RemotePart>
}

/** The header that asks for a part (RFC 9110, 14.2). */
export function rangeHeader(offset: number): Record<string, string> {
  return offset === 0 ? {} : { range: `bytes=${offset}-` }
}

/**
 * Takes an answer to a request for a part for what it is.
 * @throws RemoteError
 */
export async function remotePart(response: HttpResponse, offset: number, what: string): Promise<RemotePart> {
  const { statusCode, headers, body } = response
  if (statusCode === 200) return { offset: 0, totalBytes: wholeNumber(headers['content-length']), body }
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(String(headers['content-range']))
  if (statusCode === 206 && range !== null && Number(range[1]) === offset) {
    return { offset, totalBytes: wholeNumber(range[2]), body }
  }
  await discard(response)
  if (statusCode === 206) throw new RemoteError(`${what}: the server sent another part than was asked for`)
  throw statusError(statusCode, what)
}

function wholeNumber(text: string | string[] | undefined): number | undefined {
  const value = Number(text)
  return typeof text === 'string' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
