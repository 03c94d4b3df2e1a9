import type { ImageOptions, ImageProviderParameters } from '../contract/image-provider.ts'
import { imagePath } from './cache-path.ts'
import { HttpClient, printableUrl } from './http-client.ts'
import type { HttpConfiguration } from './http-schema.ts'
import { parseHttpUrl } from './http-url.ts'
import { ensureCached } from './image-cache.ts'
import { readPem } from './pem.ts'
import { refreshPool } from './refresh-pool.ts'
import { rangeHeader, remotePart } from './remote-file.ts'
import { digestVerification } from './verification.ts'

/** Downloads an image from a web server, unless it is there, and returns its path. */
export async function fetchOverHttp(
  { name, configuration, folder }: ImageProviderParameters<HttpConfiguration>,
  options: ImageOptions,
): Promise<string> {
  const { checksum, cacert, timeout, libvirt_pool: pool } = configuration
  const [algorithm = '', digest = ''] = checksum.toLowerCase().split(':')
  const path = await imagePath(configuration, folder, digest)
  const timeoutMs = timeout * 1000
  await using client = new HttpClient({ timeoutMs, ca: readPem(folder, cacert) })
  const { url, headers } = withoutUser(parseHttpUrl(name), configuration.headers)
  const what = printableUrl(url)
  const remote = {
    what,
    open: async (offset: number, signal: AbortSignal) => {
      const request = { url, headers: { ...headers, ...rangeHeader(offset) }, signal }
      return await remotePart(await client.follow(request), offset, what)
    },
  }
  const verification = digestVerification(algorithm, digest)
  const fetched = await ensureCached({ path, remote, verification, timeoutMs }, options)
  if (fetched) await refreshPool(pool, options.signal)
  return path
}

/** A user and password in the URL become a header, so that no message shows them. */
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
