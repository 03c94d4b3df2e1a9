import type { ImageOptions, ImageProviderParameters } from '../contract/image-provider.ts'
import { imagePath } from './cache-path.ts'
import type { GlanceConfiguration } from './glance-schema.ts'
import { type GlanceImage, GlanceService } from './glance-service.ts'
import { HttpClient } from './http-client.ts'
import { ensureCached, unavailable } from './image-cache.ts'
import { readPem } from './pem.ts'
import { refreshPool } from './refresh-pool.ts'
import { RemoteError } from './remote-error.ts'
import { digestVerification, type Verification } from './verification.ts'

/** Downloads an image of Glance, unless it is there, and returns its path. */
export async function fetchFromGlance(
  { name, configuration, folder }: ImageProviderParameters<GlanceConfiguration>,
  options: ImageOptions,
): Promise<string> {
  const { timeout, session, os_auth: auth, glance_url: url, libvirt_pool: pool } = configuration
  const timeoutMs = timeout * 1000
  const ca = readPem(folder, session.cacert)
  const cert = readPem(folder, session.cert)
  await using client = new HttpClient({ timeoutMs, ca, cert })
  const service = new GlanceService(client, auth, url)
  const { image, verification } = await find(service, name, options.signal)
  const path = await imagePath(configuration, folder, image.id)
  const remote = {
    what: `the image ${name} (${image.id})`,
    bytes: image.size,
    open: (offset: number, signal: AbortSignal) => service.data(image.id, offset, signal),
  }
  const fetched = await ensureCached({ path, remote, verification, timeoutMs }, options)
  if (fetched) await refreshPool(pool, options.signal)
  return path
}

async function find(
  service: GlanceService,
  name: string,
  signal: AbortSignal,
): Promise<{ image: GlanceImage; verification: Verification }> {
  try {
    const image = await service.find(name, signal)
    return { image, verification: verificationOf(image) }
  } catch (error) {
    signal.throwIfAborted()
    throw unavailable(error, `the image ${name}`)
  }
}

const HASHES = ['sha512', 'sha384', 'sha256']

function verificationOf({
  id,
  checksum,
  os_hash_algo: algorithm,
  os_hash_value: digest,
}: GlanceImage): Verification {
  if (typeof algorithm === 'string' && typeof digest === 'string' && HASHES.includes(algorithm)) {
    return digestVerification(algorithm, digest)
  }
  // Images of before Glance 17 have no other.
  if (typeof checksum === 'string') return digestVerification('md5', checksum)
  throw new RemoteError(`Glance has no checksum for the image ${id}; upload it once more`)
}
