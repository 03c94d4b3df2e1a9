import { z } from 'zod'
import type { ImageOptions, ImageProvider, ImageProviderParameters } from '../contract/image-provider.ts'
import { type GlanceImage, GlanceService } from './glance-service.ts'
import { oneOf } from '../configuration/key-rules.ts'
import { HttpClient } from './http-client.ts'
import { hasOnePlace, imagePath, keepingShape, ONE_PLACE } from './cache-path.ts'
import { keepImage, unavailable } from './image-cache.ts'
import { keystoneAuthSchema } from './keystone.ts'
import { refreshPool } from './refresh-pool.ts'
import { readPem } from './pem.ts'
import { RemoteError } from './remote-error.ts'
import { digestVerification, type Verification } from './verification.ts'

const schema = z
  .strictObject({
    ...keepingShape,
    glance_url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe("Glance's URL; the one in Keystone's catalogue when not given."),
    os_auth: keystoneAuthSchema.describe(
      'How to sign in at Keystone: by a user and password, or by an application credential.',
    ),
    session: z
      .strictObject({
        cacert: z
          .string()
          .min(1)
          .optional()
          .describe('A file of certificates to trust in place of the usual ones.'),
        cert: z.string().min(1).optional().describe('A file of our own certificate and its key.'),
      })
      .prefault({})
      .describe('Certificates for the connections.'),
  })
  .refine(hasOnePlace, ONE_PLACE)
  .meta(oneOf('path', 'target_path'))

/** An image of OpenStack's Glance, by its id, or by its name: the newest active one that has it. */
export class GlanceProvider implements ImageProvider {
  static readonly schema = schema
  readonly #name: string
  readonly #configuration: z.output<typeof schema>
  readonly #folder: string

  constructor({ name, configuration, folder }: ImageProviderParameters<z.output<typeof schema>>) {
    this.#name = name
    this.#configuration = configuration
    this.#folder = folder
  }

  async image(options: ImageOptions): Promise<string> {
    const { timeout, session, os_auth: auth, glance_url: url, libvirt_pool: pool } = this.#configuration
    const timeoutMs = timeout * 1000
    const ca = readPem(this.#folder, session.cacert)
    const cert = readPem(this.#folder, session.cert)
    await using client = new HttpClient({ timeoutMs, ca, cert })
    const service = new GlanceService(client, auth, url)
    const { image, verification } = await this.#find(service, options.signal)
    const path = await imagePath(this.#configuration, this.#folder, image.id)
    const remote = {
      what: `the image ${this.#name} (${image.id})`,
      bytes: image.size,
      open: (offset: number, signal: AbortSignal) => service.data(image.id, offset, signal),
    }
    const fetched = await keepImage({ path, remote, verification, timeoutMs }, options)
    if (fetched) await refreshPool(pool, options.signal)
    return path
  }

  async #find(
    service: GlanceService,
    signal: AbortSignal,
  ): Promise<{ image: GlanceImage; verification: Verification }> {
    try {
      const image = await service.find(this.#name, signal)
      return { image, verification: verificationOf(image) }
    } catch (error) {
      signal.throwIfAborted()
      throw unavailable(error, `the image ${this.#name}`)
    }
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
