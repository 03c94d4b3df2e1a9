/** A request's first line, of whatever method; that of HTTP/2 stands for all of its requests. */
const FIRST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}) (\S{1,8192}) HTTP\/(?:1\.[01]|2\.0)\r?\n/
const END = /\r?\n\r?\n/
/** Bytes of a request that are looked at. */
const MOST_BYTES = 65_536
/** Requests of one segment that are looked at. */
const MOST_REQUESTS = 100

/** The methods by which tshark knows a request. */
const KNOWN = new Set(
  [
    'OPTIONS CONNECT GET HEAD POST PUT DELETE TRACE PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK POLL',
    'BCOPY BMOVE BPROPFIND BPROPPATCH BDELETE SEARCH SUBSCRIBE UNSUBSCRIBE NOTIFY M-SEARCH M-POST MERGE REPORT',
    'CHECKOUT CHECKIN UNCHECKOUT VERSION-CONTROL MKACTIVITY MKWORKSPACE BASELINE-CONTROL LABEL UPDATE',
    'RPC_CONNECT RPC_IN_DATA RPC_OUT_DATA CCM_POST',
  ].flatMap((line) => line.split(' ')),
)

export interface UnrecognizedRequest {
  readonly method: string
  readonly uri: string
  readonly host: string | undefined
  readonly user_agent: string | undefined
}

export interface UnrecognizedRequests {
  readonly found: readonly UnrecognizedRequest[]
  /** Whether the segment has more of them than are looked at. */
  readonly isCut: boolean
}

/**
 * Requests in a TCP segment that tshark does not see: from the first one on whose method is none of HTTP's. The segment has
 * to begin with a request.
 */
export function unrecognizedRequests(segment: Buffer): UnrecognizedRequests {
  let rest = segment.toString('latin1', 0, MOST_BYTES)
  const found: UnrecognizedRequest[] = []
  for (let count = 0; count < MOST_REQUESTS; count++) {
    const [line, method, uri] = FIRST_LINE.exec(rest) ?? []
    if (line === undefined || method === undefined || uri === undefined) return { found, isCut: false }
    const end = END.exec(rest)
    const head = rest.slice(line.length, end?.index)
    if (found.length > 0 || !KNOWN.has(method)) {
      found.push({ method, uri, host: valueIn(head, 'host'), user_agent: valueIn(head, 'user-agent') })
    }
    if (end === null) return { found, isCut: false }
    rest = rest.slice(end.index + end[0].length + Number(valueIn(head, 'content-length') ?? 0))
  }
  return { found, isCut: rest !== '' }
}

function valueIn(head: string, name: string): string | undefined {
  return new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*\\r?$`, 'im').exec(head)?.[1]
}
