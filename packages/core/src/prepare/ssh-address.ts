import { isIPv6 } from 'node:net'
import { SeeError } from '../common/errors.ts'
import { quoteGuestText } from '../common/quote-guest-text.ts'

/** A user's account at a machine that is reached by SSH. */
export interface SshAddress {
  /** As it was written. */
  readonly text: string
  readonly user: string | undefined
  readonly host: string
  readonly port: number | undefined
}

const SCHEME = 'ssh://'
/** None begins with a hyphen, which would make an option of it. */
const USER = /^\w[\w.+@\\-]*\$?$/
const HOST = /^\w[\w.-]*$/
const ZONE = /%[\w.-]+$/
const PARTS = /^(?:(?<user>.*)@)?(?:\[(?<bracketed>[^\]]*)\]|(?<host>[^@:[\]]*))(?::(?<port>\d{1,5}))?$/

/** Whether a text is written as an address, and not as the path of a file: with a user or a scheme. */
export function isSshAddress(text: string): boolean {
  return text.startsWith(SCHEME) || /^[^/]*@[^/]*$/.test(text)
}

/**
 * Reads `USER@HOST[:PORT]` and `ssh://[USER@]HOST[:PORT]`; an IPv6 address stands in brackets.
 * @throws SeeError `CONFIGURATION_INVALID` for anything else
 */
export function parseSshAddress(text: string): SshAddress {
  const address = parts(text)
  if (address !== undefined) return { text, ...address }
  const why = `${quoteGuestText(text)} is not USER@HOST[:PORT] or ssh://[USER@]HOST[:PORT], with an IPv6 address in brackets`
  throw new SeeError('CONFIGURATION_INVALID', why)
}

function parts(text: string): Omit<SshAddress, 'text'> | undefined {
  const rest = text.startsWith(SCHEME) ? text.slice(SCHEME.length).replace(/\/$/, '') : text
  const { user, bracketed, host = '', port } = PARTS.exec(rest)?.groups ?? {}
  if (user !== undefined && !USER.test(user)) return undefined
  if (bracketed === undefined ? !HOST.test(host) : !isIPv6(bracketed.replace(ZONE, ''))) return undefined
  const number = port === undefined ? undefined : Number(port)
  if (number !== undefined && (number < 1 || number > 65_535)) return undefined
  return { user, host: bracketed ?? host, port: number }
}
