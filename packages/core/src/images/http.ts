import { z } from 'zod'
import { SeeError } from '../common/errors.ts'
import type { ImageOptions, ImageProvider, ImageProviderParameters } from '../contract/image-provider.ts'
import { oneOf } from '../configuration/key-rules.ts'
import { HttpClient, printableUrl } from './http-client.ts'
import { hasOnePlace, imagePath, keepingShape, ONE_PLACE } from './cache-path.ts'
import { keepImage } from './image-cache.ts'
import { refreshPool } from './refresh-pool.ts'
import { rangeHeader, remotePart } from './remote-file.ts'
import { readPem } from './pem.ts'
import { digestVerification } from './verification.ts'

const CHECKSUM = /^(?:sha256:[0-9a-fA-F]{64}|sha384:[0-9a-fA-F]{96}|sha512:[0-9a-fA-F]{128})$/i

const schema = z
  .strictObject({
    ...keepingShape,
    checksum: z
      .string()
      .regex(CHECKSUM, 'give "sha256:" (or sha384, sha512) and the digest in hexadecimal')
      .describe(
        '`sha256:`, `sha384:` or `sha512:` and the digest in hexadecimal, which is also the name of the file in a folder.',
      ),
    headers: z
      .record(z.string(), z.string())
      .default({})
      .describe("Headers that are sent along, to the URL's own origin only."),
    cacert: z
      .string()
      .min(1)
      .optional()
      .describe('A file of certificates to trust in place of the usual ones.'),
  })
  .refine(hasOnePlace, ONE_PLACE)
  .meta(oneOf('path', 'target_path'))

/** An image from a web server; the checksum says which, so it is downloaded once. */
export class HttpProvider implements ImageProvider {
  static readonly schema = schema
  readonly #url: URL
  readonly #configuration: z.output<typeof schema>
  readonly #folder: string

  /** @throws SeeError `CONFIGURATION_INVALID` */
  constructor({ name, configuration, folder }: ImageProviderParameters<z.output<typeof schema>>) {
    this.#url = parseUrl(name)
    this.#configuration = configuration
    this.#folder = folder
  }

  async image(options: ImageOptions): Promise<string> {
    const { checksum, cacert, timeout, libvirt_pool: pool } = this.#configuration
    const [algorithm = '', digest = ''] = checksum.toLowerCase().split(':')
    const path = await imagePath(this.#configuration, this.#folder, digest)
    const timeoutMs = timeout * 1000
    await using client = new HttpClient({ timeoutMs, ca: readPem(this.#folder, cacert) })
    const { url, headers } = withoutUser(this.#url, this.#configuration.headers)
    const what = printableUrl(url)
    const remote = {
      what,
      open: async (offset: number, signal: AbortSignal) => {
        const request = { url, headers: { ...headers, ...rangeHeader(offset) }, signal }
        return await remotePart(await client.follow(request), offset, what)
      },
    }
    const verification = digestVerification(algorithm, digest)
    const fetched = await keepImage({ path, remote, verification, timeoutMs }, options)
    if (fetched) await refreshPool(pool, options.signal)
    return path
  }
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && ['http:', 'https:'].includes(url.protocol)) return url
  throw new SeeError('CONFIGURATION_INVALID', `the image's uri is no http or https URL: ${text}`)
}

/** A user and password in the URL become a header, so that they are told nowhere. */
function withoutUser(
  url: URL,
  headers: Readonly<Record<string, string>>,
): { url: URL; headers: Readonly<Record<string, string>> } {
  if (url.username === '') return { url, headers }
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  const bare = new URL(url)
  bare.username = ''
  bare.password = ''
  return {
    url: bare,
    headers: { authorization: `Basic ${Buffer.from(user).toString('base64')}`, ...headers },
  }
}
