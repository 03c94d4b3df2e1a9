import type { ImageOptions, ImageProviderParameters } from '../contract/image-provider.ts'
import { imagePath } from './cache-path.ts'
import { etagVerification } from './etag.ts'
import { discard, HttpClient, type HttpResponse, printableUrl, statusError } from './http-client.ts'
import { ensureCached, unavailable } from './image-cache.ts'
import { readPem } from './pem.ts'
import { refreshPool } from './refresh-pool.ts'
import { RemoteError } from './remote-error.ts'
import { rangeHeader, remotePart } from './remote-file.ts'
import { s3Credentials, type S3Credentials, s3Url } from './s3-access.ts'
import type { S3Configuration } from './s3-schema.ts'
import { digestVerification } from './verification.ts'

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

/** Downloads an object, unless it is there, and returns its path. */
export async function fetchFromS3(
  { name: key, configuration, folder }: ImageProviderParameters<S3Configuration>,
  options: ImageOptions,
): Promise<string> {
  const { auth, bucket_name: bucket, timeout, sha256, libvirt_pool: pool } = configuration
  const timeoutMs = timeout * 1000
  const ca = readPem(folder, typeof auth.verify === 'string' ? auth.verify : undefined)
  await using client = new HttpClient({ timeoutMs, ca })
  const url = s3Url(auth, bucket, key)
  const access = { url, region: auth.region_name, credentials: s3Credentials(auth), client }
  const object = await head(access, options.signal)
  const path = await imagePath(configuration, folder, sha256?.toLowerCase() ?? object.etag)
  const verification =
    sha256 === undefined
      ? etagVerification(object, configuration.part_size)
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
  const fetched = await ensureCached({ path, remote, verification, timeoutMs }, options)
  if (fetched) await refreshPool(pool, options.signal)
  return path
}

async function head(access: Access, signal: AbortSignal): Promise<S3Object> {
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
    throw new RemoteError(`${what} reports no size, or no ETag of S3’s kind`)
  } catch (error) {
    signal.throwIfAborted()
    throw unavailable(error, what)
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
