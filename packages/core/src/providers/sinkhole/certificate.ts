import { generateKeyPair, randomBytes, sign } from 'node:crypto'
import { promisify } from 'node:util'

const KEY_BITS = 2048
const SEQUENCE = 0x30
const SET = 0x31
const INTEGER = 0x02
const BIT_STRING = 0x03
const UTF8 = 0x0c
const TIME = 0x17
/** sha256WithRSAEncryption, without parameters: RFC 8017. */
const ALGORITHM = Buffer.from('300d06092a864886f70d01010b0500', 'hex')
/** commonName: RFC 5280. */
const COMMON_NAME = Buffer.from('0603550403', 'hex')

export interface Certificate {
  /** Both in PEM. */
  readonly key: string
  readonly cert: string
}

let made: Promise<Certificate> | undefined

/** An untrusted certificate, with a key of this process only. Made when the first guest needs it, in 0.1 s. */
export function sinkholeCertificate(): Promise<Certificate> {
  made ??= makeCertificate()
  return made
}

async function makeCertificate(): Promise<Certificate> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: KEY_BITS })
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8, Buffer.from('sinkhole')))))
  const validity = der(
    SEQUENCE,
    der(TIME, Buffer.from('200101000000Z')),
    der(TIME, Buffer.from('491231235959Z')),
  )
  // Positive: its first byte is below 128.
  const serial = Buffer.concat([Buffer.of(1), randomBytes(15)])
  const key = publicKey.export({ type: 'spki', format: 'der' })
  // Version 1, so without extensions: RFC 5280.
  const body = der(SEQUENCE, der(INTEGER, serial), ALGORITHM, name, validity, name, key)
  const signature = der(BIT_STRING, Buffer.of(0), sign('sha256', body, privateKey))
  const cert = der(SEQUENCE, body, ALGORITHM, signature).toString('base64').replaceAll(/.{64}/g, '$&\n')
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${cert}\n-----END CERTIFICATE-----\n`,
  }
}

/** A value with its tag and length, by the Distinguished Encoding Rules: X.690. */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const value = Buffer.concat(parts)
  const size = value.length
  const length =
    size < 128 ? Buffer.of(size) : size < 256 ? Buffer.of(0x81, size) : Buffer.of(0x82, size >> 8, size & 255)
  return Buffer.concat([Buffer.of(tag), length, value])
}
