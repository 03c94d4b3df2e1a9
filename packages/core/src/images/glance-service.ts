import { z } from 'zod'
import { discard, type HttpClient, type HttpResponse } from './http-client.ts'
import { authenticate, type KeystoneSession } from './keystone.ts'
import type { KeystoneAuth } from './keystone-auth.ts'
import { RemoteError } from './remote-error.ts'
import { rangeHeader, type RemotePart, remotePart } from './remote-file.ts'

/** Pages of images with the same name, a hundred to a page. */
const MAX_PAGES = 20

const imageSchema = z.object({
  // It becomes a file's name and part of a URL.
  id: z.guid(),
  name: z.string().nullish(),
  status: z.string(),
  updated_at: z.iso.datetime(),
  size: z.int().nonnegative(),
  checksum: z
    .string()
    .regex(/^[0-9a-f]{32}$/i)
    .nullish(),
  os_hash_algo: z.string().nullish(),
  os_hash_value: z
    .string()
    .regex(/^[0-9a-f]+$/i)
    .nullish(),
})

export type GlanceImage = z.output<typeof imageSchema>

// Images that are still being made have no size yet: only those that are looked for are parsed whole.
const listSchema = z.object({
  images: z.array(z.object({ name: z.string().nullish(), status: z.string() }).loose()),
  next: z.string().nullish(),
})

/** The part of Glance's API (v2) that fetching an image needs. */
export class GlanceService {
  readonly #client: HttpClient
  readonly #auth: KeystoneAuth
  readonly #url: string | undefined
  #session: KeystoneSession | undefined

  constructor(client: HttpClient, auth: KeystoneAuth, url: string | undefined) {
    this.#client = client
    this.#auth = auth
    this.#url = url
  }

  /** @throws RemoteError, or the signal's reason */
  async find(name: string, signal: AbortSignal): Promise<GlanceImage> {
    const byId = z.guid().safeParse(name).success ? await this.#byId(name, signal) : undefined
    const image = byId ?? (await this.#newest(name, signal))
    if (image !== undefined) return image
    throw new RemoteError(`Glance has no active image with the name or id ${name}`)
  }

  async data(id: string, offset: number, signal: AbortSignal): Promise<RemotePart> {
    const answer = async (): Promise<HttpResponse> => {
      const { url, headers } = await this.#request(`images/${id}/file`, signal)
      return await this.#client.send({ url, headers: { ...headers, ...rangeHeader(offset) }, signal })
    }
    let response = await answer()
    if (response.statusCode === 401) {
      // A long download can outlive its token.
      await discard(response)
      this.#session = undefined
      response = await answer()
    }
    return await remotePart(response, offset, `Glance's image ${id}`)
  }

  async #byId(id: string, signal: AbortSignal): Promise<GlanceImage | undefined> {
    try {
      const request = { ...(await this.#request(`images/${id}`, signal)), signal }
      const { value } = await this.#client.json(request, imageSchema)
      return value.status === 'active' ? value : undefined
    } catch (error) {
      if (error instanceof RemoteError && error.status === 404) return undefined
      throw error
    }
  }

  async #newest(name: string, signal: AbortSignal): Promise<GlanceImage | undefined> {
    const found: GlanceImage[] = []
    const query = new URLSearchParams({ name, status: 'active', sort: 'updated_at:desc', limit: '100' })
    let next: string | undefined = `?${query.toString()}`
    for (let page = 0; page < MAX_PAGES && next !== undefined; page++) {
      const { url, headers } = await this.#request('images', signal)
      // Only the query of what Glance calls the next page: the rest is ours.
      url.search = next
      const { value } = await this.#client.json({ url, headers, signal }, listSchema)
      for (const image of value.images) {
        // Glance reads names such as "in:…" as more than a name.
        if (image.name === name && image.status === 'active') found.push(parseImage(image))
      }
      const { next: link } = value
      next = typeof link === 'string' ? link.slice(link.indexOf('?')) : undefined
    }
    return found.toSorted((one, other) => Date.parse(other.updated_at) - Date.parse(one.updated_at))[0]
  }

  async #request(path: string, signal: AbortSignal): Promise<{ url: URL; headers: Record<string, string> }> {
    this.#session ??= await authenticate(this.#client, this.#auth, signal)
    const base = (this.#url ?? this.#session.imageUrl)?.replace(/(?:\/v2)?\/*$/, '')
    if (base === undefined) {
      throw new RemoteError(`Keystone's catalogue has no image service; give its URL as "glance_url"`)
    }
    return { url: new URL(`${base}/v2/${path}`), headers: { 'x-auth-token': this.#session.token } }
  }
}

function parseImage(image: unknown): GlanceImage {
  const result = imageSchema.safeParse(image)
  if (result.success) return result.data
  throw new RemoteError(`Glance's image makes no sense: ${z.prettifyError(result.error)}`)
}
