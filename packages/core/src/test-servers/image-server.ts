import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'

export interface ImageServer extends AsyncDisposable {
  readonly origin: string
  /** The path and headers of each request. */
  readonly requests: { readonly path: string; readonly headers: IncomingMessage['headers'] }[]
}

/** A web server on loopback that behaves as `answer` has it. */
export async function startImageServer(
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => void,
  tls?: { readonly key: string; readonly cert: string },
): Promise<ImageServer> {
  const requests: { path: string; headers: IncomingMessage['headers'] }[] = []
  const listener: RequestListener = (request, response) => {
    requests.push({ path: request.url ?? '', headers: request.headers })
    answer(request, response, requests.length)
  }
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    origin: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Answers a request as a web server that knows ranges does; `upTo` bytes are sent of it, then the line is cut. */
export function serve(
  { headers }: IncomingMessage,
  response: ServerResponse,
  content: Buffer,
  upTo = content.length,
): void {
  const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0)
  if (from >= content.length) {
    response.writeHead(416).end()
    return
  }
  response.writeHead(headers.range === undefined ? 200 : 206, {
    'content-length': content.length - from,
    ...(headers.range === undefined
      ? {}
      : { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }),
  })
  if (upTo >= content.length) response.end(content.subarray(from))
  else response.write(content.subarray(from, upTo), () => response.destroy())
}
