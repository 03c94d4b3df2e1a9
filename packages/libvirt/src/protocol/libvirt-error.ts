import type { Codec } from './codec.ts'
import { errorCodes, errorDomains } from './errors.gen.ts'
import type { error as remoteError } from './protocol.gen.ts'

type ValueOf<T> = T[keyof T]
/** libvirt's name of an error, such as VIR_ERR_NO_DOMAIN; a number that this version does not know is in the name. */
export type ErrorCode = ValueOf<typeof errorCodes> | `VIR_ERR_${number}`
/** libvirt's name of the part that failed, such as VIR_FROM_QEMU. */
export type ErrorDomain = ValueOf<typeof errorDomains> | `VIR_FROM_${number}`

/** What the daemon sends for an error, as on the wire. */
export type ErrorBody = typeof remoteError extends Codec<infer T> ? T : never

/** The daemon's answer to a call that failed. `message` is the daemon's own. */
export class LibvirtError extends Error {
  override name = 'LibvirtError'
  readonly code: ErrorCode
  /** The number behind `code`. */
  readonly number: number
  readonly domain: ErrorDomain
  /** 0 none, 1 warning, 2 error. */
  readonly level: number

  constructor(body: ErrorBody) {
    super(body.message ?? 'the daemon gave no message')
    this.number = body.code
    this.code = nameOf(errorCodes, body.code) ?? `VIR_ERR_${body.code}`
    this.domain = nameOf(errorDomains, body.domain) ?? `VIR_FROM_${body.domain}`
    this.level = body.level
  }
}

/** Whether the daemon said exactly this error: `isLibvirtError(error, 'VIR_ERR_NO_DOMAIN')`. */
export function isLibvirtError(error: unknown, code?: ErrorCode): error is LibvirtError {
  return error instanceof LibvirtError && (code === undefined || error.code === code)
}

function nameOf<T extends object>(table: T, number: number): ValueOf<T> | undefined {
  return isKeyOf(table, number) ? table[number] : undefined
}

function isKeyOf<T extends object>(table: T, key: PropertyKey): key is keyof T {
  return Object.hasOwn(table, key)
}
