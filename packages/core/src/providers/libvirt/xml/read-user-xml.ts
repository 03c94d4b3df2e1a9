import { messageOf, SeeError } from '../../../common/errors.ts'
import { readUserBytes } from '../../../configuration/user-file.ts'

/** An XML declaration, and in it what it says of the encoding. */
const DECLARATION = /^<\?xml[^>]{0,200}?\?>/
const ENCODING = /\s+encoding\s*=\s*(?:"([^"]*)"|'([^']*)')/
/** Characters that an XML declaration may have. */
const BEGINNING = 256

/**
 * Reads XML that its user named, in the encoding of its byte order mark or its declaration, otherwise UTF-8. The
 * declaration of what is returned names none.
 * @throws SeeError `FILE_UNREADABLE` also for bytes that are not of the encoding, or `FILE_UNTRUSTED`
 */
export function readUserXml(path: string): string {
  const bytes = readUserBytes(path)
  const encoding = markedEncoding(bytes) ?? declaredEncoding(bytes) ?? 'utf-8'
  const text = decode(path, bytes, encoding)
  return text.replace(DECLARATION, (declaration) => declaration.replace(ENCODING, ''))
}

function markedEncoding(bytes: Buffer): string | undefined {
  const [first, second, third] = bytes
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8'
  // Without a mark, the `<` of the beginning decides.
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0)) return 'utf-16le'
  return (first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c) ? 'utf-16be' : undefined
}

function declaredEncoding(bytes: Buffer): string | undefined {
  const [declaration = ''] = DECLARATION.exec(bytes.toString('latin1', 0, BEGINNING)) ?? []
  const [, double, single] = ENCODING.exec(declaration) ?? []
  return double ?? single
}

function decode(path: string, bytes: Buffer, encoding: string): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch (error) {
    const name = encoding.slice(0, 40)
    const why =
      error instanceof RangeError ? `the encoding ${JSON.stringify(name)} is not known` : `it is not ${name}`
    throw new SeeError(
      'FILE_UNREADABLE',
      `cannot read ${path}: ${why}; save it as UTF-8 (${messageOf(error)})`,
      {
        cause: error,
      },
    )
  }
}
