const MOST_HEAD_BYTES = 16_384
const END = '\r\n\r\n'
const REQUEST_LINE = /^([A-Z]{3,20}) (\S+) HTTP\/1\.[01]$/

/** The head of a request of HTTP/1; every text is of the guest's making. */
export interface HttpHead {
  readonly method: string
  readonly uri: string
  readonly headers: readonly string[]
  /** Bytes before the body. */
  readonly bytes: number
  /** Bytes of the body, as the head says; none for one without a length. */
  readonly bodyBytes: number
}

/** Whether what was sent first may be a request. */
export function looksLikeHttp(bytes: Buffer): boolean {
  return /^[A-Z]{3,20} /.test(bytes.toString('latin1', 0, 24))
}

/** @returns 'more' while the end of the head has not come, undefined when it is no request */
export function readHead(bytes: Buffer): HttpHead | 'more' | undefined {
  const end = bytes.indexOf(END)
  if (end < 0) return bytes.length < MOST_HEAD_BYTES && mayBegin(bytes) ? 'more' : undefined
  const [line = '', ...headers] = bytes.toString('latin1', 0, end).split('\r\n')
  const [, method, uri] = REQUEST_LINE.exec(line) ?? []
  if (method === undefined || uri === undefined) return undefined
  const length = headers.map((header) => /^content-length:\s*(\d{1,15})\s*$/i.exec(header)?.[1])
  const bodyBytes = Number(length.find((each) => each !== undefined) ?? 0)
  return { method, uri, headers, bytes: end + END.length, bodyBytes }
}

/** Whether the first line is a request's, or has not ended. */
function mayBegin(bytes: Buffer): boolean {
  const end = bytes.indexOf('\n')
  return end < 0 || REQUEST_LINE.test(bytes.toString('latin1', 0, end).replace(/\r$/, ''))
}
