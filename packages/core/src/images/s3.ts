import { z } from 'zod'
import type { ImageOptions, ImageProvider, ImageProviderParameters } from '../contract/image-provider.ts'
import { oneOf } from '../configuration/key-rules.ts'
import { discard, HttpClient, type HttpResponse, printableUrl, statusError } from './http-client.ts'
import { hasOnePlace, imagePath, keepingShape, ONE_PLACE } from './cache-path.ts'
import { keepImage, unavailable } from './image-cache.ts'
import { refreshPool } from './refresh-pool.ts'
import { etagVerification } from './etag.ts'
import { readPem } from './pem.ts'
import { RemoteError } from './remote-error.ts'
import { rangeHeader, remotePart } from './remote-file.ts'
import { s3AuthSchema, s3Credentials, type S3Credentials, s3Url } from './s3-access.ts'
import { digestVerification } from './verification.ts'

const schema = z
  .strictObject({
    ...keepingShape,
    bucket_name: z
      .string()
      .regex(/^[\w.-]{3,255}$/, 'this is no name of a bucket')
      .describe('The bucket.'),
    auth: s3AuthSchema
      .prefault({})
      .describe(
        "How to reach the store, by boto3's names; without keys, those of the environment (`AWS_ACCESS_KEY_ID`, …) are taken, and without any, requests are not signed.",
      ),
    sha256: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/, 'give 64 hexadecimal digits')
      .optional()
      .describe(
        "The image's digest in hexadecimal; needed where the ETag is no MD5, as in buckets encrypted with KMS.",
      ),
    part_size: z
      .int()
      .positive()
      .optional()
      .describe('Bytes of each part of a multipart upload; guessed when not given.'),
  })
  .refine(hasOnePlace, ONE_PLACE)
  .meta(oneOf('path', 'target_path'))

interface Access {
  readonly url: URL
  readonly region: string
  readonly credentials: S3Credentials | undefined
  readonly client: HttpClient
}

/** An object as it is now. */
interface S3Object {
  readonly bytes: number
  readonly etag: string
}

/** An image that is an object of any S3-compatible store; its name is the object's key. */
export class S3Provider implements ImageProvider {
  static readonly schema = schema
  readonly #key: string
  readonly #configuration: z.output<typeof schema>
  readonly #folder: string

  constructor({ name, configuration, folder }: ImageProviderParameters<z.output<typeof schema>>) {
    this.#key = name
    this.#configuration = configuration
    this.#folder = folder
  }

  async image(options: ImageOptions): Promise<string> {
    const { auth, bucket_name: bucket, timeout, sha256, libvirt_pool: pool } = this.#configuration
    const timeoutMs = timeout * 1000
    const ca = readPem(this.#folder, typeof auth.verify === 'string' ? auth.verify : undefined)
    await using client = new HttpClient({ timeoutMs, ca })
    const url = s3Url(auth, bucket, this.#key)
    const access = { url, region: auth.region_name, credentials: s3Credentials(auth), client }
    const object = await this.#head(access, options.signal)
    const path = await imagePath(this.#configuration, this.#folder, sha256?.toLowerCase() ?? object.etag)
    const verification =
      sha256 === undefined
        ? etagVerification(object, this.#configuration.part_size)
        : digestVerification('sha256', sha256)
    const what = printableUrl(url)
    const remote = {
      what,
      bytes: object.bytes,
      open: async (offset: number, signal: AbortSignal) => {
        // Not a part of another object that took its place.
        const headers = { 'if-match': `"${object.etag}"`, ...rangeHeader(offset) }
        return await remotePart(await send(access, 'GET', headers, signal), offset, what)
      },
    }
    const fetched = await keepImage({ path, remote, verification, timeoutMs }, options)
    if (fetched) await refreshPool(pool, options.signal)
    return path
  }

  async #head(access: Access, signal: AbortSignal): Promise<S3Object> {
    const what = printableUrl(access.url)
    try {
      const response = await send(access, 'HEAD', {}, signal)
      await discard(response)
      if (response.statusCode !== 200) throw statusError(response.statusCode, what)
      const { 'content-length': length, etag } = response.headers
      const bytes = Number(length)
      // It becomes a file's name.
      const digest = /^"?([0-9a-f]{32}(?:-[1-9]\d{0,4})?)"?$/.exec(String(etag))?.[1]
      if (digest !== undefined && Number.isSafeInteger(bytes)) return { bytes, etag: digest }
      throw new RemoteError(`${what} tells no size, or no ETag that is one of S3`)
    } catch (error) {
      signal.throwIfAborted()
      throw unavailable(error, what)
    }
  }
}

async function send(
  { url, region, credentials, client }: Access,
  method: 'GET' | 'HEAD',
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<HttpResponse> {
  if (credentials === undefined) return await client.send({ method, url, headers, signal })
  const { AwsV4Signer } = await import('aws4fetch')
  const signed = await new AwsV4Signer({
    ...credentials,
    method,
    url: url.href,
    headers: { ...headers },
    service: 's3',
    region,
  }).sign()
  return await client.send({ method, url: signed.url, headers: Object.fromEntries(signed.headers), signal })
}
