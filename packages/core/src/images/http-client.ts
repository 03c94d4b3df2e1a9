import type { Agent, Dispatcher, request } from 'undici'
import { z } from 'zod'
import { messageOf } from '../common/errors.ts'
import { RemoteError } from './remote-error.ts'

/** Far more than any answer of an API needs. */
const MAX_JSON_BYTES = 8 * 1024 * 1024
const MAX_REDIRECTS = 5

export interface HttpClientOptions {
  /** Bound of each wait for the server, in milliseconds. */
  readonly timeoutMs: number
  /** Certificates to trust in place of the usual ones, as PEM. */
  readonly ca?: string | undefined
  /** Our own certificate and key, as PEM. */
  readonly cert?: string | undefined
}

export interface HttpRequest {
  readonly method?: 'GET' | 'HEAD' | 'POST'
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal: AbortSignal
}

export type HttpResponse = Dispatcher.ResponseData

/** Requests with bounds; its errors contain no headers, and nothing of a URL but origin and path. */
export class HttpClient implements AsyncDisposable {
  readonly #options: HttpClientOptions
  #client: Promise<Client> | undefined

  constructor(options: HttpClientOptions) {
    this.#options = options
  }

  /**
   * Follows no redirect.
   * @throws RemoteError, or the signal's reason
   */
  async send({ method = 'GET', url, headers = {}, body, signal }: HttpRequest): Promise<HttpResponse> {
    this.#client ??= loadClient(this.#options)
    const client = await this.#client
    try {
      return await client.request(url, {
        method,
        // undici does not decompress on its own, so the server must not compress.
        headers: { 'accept-encoding': 'identity', ...headers },
        body: body ?? null,
        signal,
        dispatcher: client.agent,
      })
    } catch (error) {
      signal.throwIfAborted()
      throw new RemoteError(`no answer from ${printableUrl(url)}: ${reasonOf(error)}`, {
        transient: !isMistrusted(error),
        cause: error,
      })
    }
  }

  /** Follows redirects, a few; to another origin, or from https to http, no header of the caller's goes along. */
  async follow(original: HttpRequest): Promise<HttpResponse> {
    let current = original
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const response = await this.send(current)
      const location = locationOf(response)
      if (location === undefined) return response
      await discard(response)
      const url = redirectTarget(location, current.url)
      const { range } = current.headers ?? {}
      const headers =
        url.origin === current.url.origin ? current.headers : range === undefined ? {} : { range }
      current = { ...current, url, ...(headers === undefined ? {} : { headers }) }
    }
    throw new RemoteError(`${printableUrl(original.url)} redirects more than ${MAX_REDIRECTS} times`)
  }

  /** The parsed answer of an API, with its headers. */
  async json<Schema extends z.ZodType>(
    httpRequest: HttpRequest,
    schema: Schema,
  ): Promise<{ readonly headers: HttpResponse['headers']; readonly value: z.output<Schema> }> {
    const response = await this.send(httpRequest)
    const where = printableUrl(httpRequest.url)
    if (response.statusCode >= 300) {
      await discard(response)
      throw statusError(response.statusCode, where)
    }
    const parts: Buffer[] = []
    let bytes = 0
    try {
      for await (const part of response.body) {
        if (!Buffer.isBuffer(part)) continue
        bytes += part.length
        if (bytes > MAX_JSON_BYTES) throw new Error(`it is longer than ${MAX_JSON_BYTES} bytes`)
        parts.push(part)
      }
      return { headers: response.headers, value: schema.parse(JSON.parse(Buffer.concat(parts).toString())) }
    } catch (error) {
      httpRequest.signal.throwIfAborted()
      const message = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error)
      throw new RemoteError(`the answer of ${where} makes no sense: ${message}`, { cause: error })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#client)?.agent.destroy()
  }
}

interface Client {
  readonly request: typeof request
  readonly agent: Agent
}

/** Loading undici takes as long as all else of this package does, and few environments need it. */
async function loadClient({ timeoutMs, ca, cert }: HttpClientOptions): Promise<Client> {
  const { Agent: OurAgent, request: send } = await import('undici')
  const agent = new OurAgent({
    connect: {
      timeout: timeoutMs,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert, key: cert }),
    },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  })
  return { request: send, agent }
}

export function statusError(status: number, where: string): RemoteError {
  const transient = status >= 500 || status === 408 || status === 429
  const hint = hints[status]
  return new RemoteError(`${where} answers ${status}${hint === undefined ? '' : `: ${hint}`}`, {
    transient,
    status,
  })
}

const hints: Readonly<Record<number, string>> = {
  401: 'the credentials are wrong or missing',
  403: 'access is denied; check the credentials and their rights',
  404: 'there is no such thing',
  412: 'it has changed meanwhile; try again',
}

/** A URL as it may be printed: without user, password, query. */
export function printableUrl(url: URL): string {
  return `${url.origin}${url.pathname}`
}

/** Ends an answer whose body is of no interest. */
export async function discard({ body }: HttpResponse): Promise<void> {
  body.on('error', () => undefined)
  body.destroy()
}

function locationOf({ statusCode, headers }: HttpResponse): string | undefined {
  if (![301, 302, 303, 307, 308].includes(statusCode)) return undefined
  const { location } = headers
  return typeof location === 'string' ? location : undefined
}

function redirectTarget(location: string, from: URL): URL {
  const url = URL.canParse(location, from.href) ? new URL(location, from) : undefined
  if (url !== undefined && ['http:', 'https:'].includes(url.protocol)) {
    if (from.protocol === 'http:' || url.protocol === 'https:') return url
  }
  throw new RemoteError(`${printableUrl(from)} redirects to what is neither https nor as safe as before`)
}

/** No second attempt makes a certificate better. */
function isMistrusted(error: unknown): boolean {
  const { code } = z.object({ code: z.string() }).safeParse(error).data ?? {}
  return code !== undefined && /CERT|ERR_TLS|UNABLE_TO/.test(code)
}

function reasonOf(error: unknown): string {
  const { code } = z.object({ code: z.string() }).safeParse(error).data ?? {}
  const message = messageOf(error)
  return message === '' ? (code ?? 'unknown failure') : message
}
