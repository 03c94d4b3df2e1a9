import type { Duplex } from 'node:stream'
import { createSecureContext, TLSSocket } from 'node:tls'
import { messageOf } from '../../common/errors.ts'
import { sinkholeCertificate } from './certificate.ts'
import type { DnsAnswer, DnsServer } from './dns.ts'
import { type SinkholeListener, shownHex, shownText } from '../../contract/entry.ts'
import { type HttpHead, looksLikeHttp, readHead } from './http-request.ts'
import type { TcpConnection } from './tcp-connection.ts'

/** Bytes of a connection that are looked at; what comes after is acknowledged and forgotten. */
const MOST_BYTES = 65_536
/** How long a guest may take for the rest of a request or its body. */
const REST_MS = 1000
/** How long it may take for the rest of a request's head, which nothing is answered before. */
const HEAD_MS = 10_000
/** How long it may all take, in however small parts it comes. */
const MOST_MS = 60_000
/** How long it may take until a TLS connection is secure. */
const SECURE_MS = 30_000
const DNS_PORT = 53
const TLS_HANDSHAKE = 22
const ANSWER =
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nOK\n'

interface Served {
  readonly connection: TcpConnection
  /** What the guest says, in the clear. */
  readonly stream: Duplex
  readonly overTls: boolean
}

/** Answers what a guest says on a TCP connection: HTTP, TLS and DNS; of anything else the beginning is recorded. */
export function serveTcp(connection: TcpConnection, dns: DnsServer, record: SinkholeListener): void {
  const { address, port } = connection.ends
  record({ kind: 'tcp', address, port })
  if (port === DNS_PORT) return serveDns(connection, dns, record)
  serve({ connection, stream: connection, overTls: false }, record)
}

/** Collects what comes until it is known what it is. */
function serve(served: Served, record: SinkholeListener): void {
  const { stream, overTls } = served
  let bytes = Buffer.alloc(0)
  let rest = 0
  let isDone = false
  let timer: NodeJS.Timeout | undefined
  let deadline: NodeJS.Timeout | undefined
  const finish = (): void => {
    clearTimeout(timer)
    if (isDone || bytes.length === 0) return
    isDone = true
    clearTimeout(deadline)
    finishServing(served, bytes, record)
  }
  stream.on('data', (chunk: Buffer) => {
    const taken = isDone ? 0 : Math.min(chunk.length, MOST_BYTES - bytes.length)
    rest += chunk.length - taken
    if (isDone) return
    deadline ??= setTimeout(finish, MOST_MS).unref()
    bytes = Buffer.concat([bytes, chunk.subarray(0, taken)])
    clearTimeout(timer)
    if (!overTls && bytes[0] === TLS_HANDSHAKE) {
      isDone = true
      clearTimeout(deadline)
      stream.removeAllListeners('data')
      stream.pause()
      stream.unshift(bytes)
      serveTls(served.connection, record).catch((error: unknown) => {
        const { address, port } = served.connection.ends
        record({ kind: 'tls', address, port, server_name: null, problem: messageOf(error) })
        served.connection.destroy()
      })
      return
    }
    if (isComplete(bytes)) finish()
    else timer = setTimeout(finish, isInHead(bytes) ? HEAD_MS : REST_MS).unref()
  })
  stream.on('end', () => {
    finish()
    stream.end()
  })
  // A connection that is reset, or whose guest ends, has said what it has said.
  stream.on('close', () => {
    finish()
    recordRest(served.connection, rest, record)
  })
}

function isInHead(bytes: Buffer): boolean {
  return looksLikeHttp(bytes) && readHead(bytes) === 'more'
}

function isComplete(bytes: Buffer): boolean {
  if (bytes.length >= MOST_BYTES) return true
  if (!looksLikeHttp(bytes)) return false
  const head = readHead(bytes)
  if (head === 'more') return false
  return head === undefined || bytes.length >= head.bytes + head.bodyBytes
}

function finishServing(
  { connection, stream, overTls }: Served,
  bytes: Buffer,
  record: SinkholeListener,
): void {
  const { address, port } = connection.ends
  const head = looksLikeHttp(bytes) ? readHead(bytes) : undefined
  if (head === undefined || head === 'more') return recordData(connection, bytes, record)
  record({ kind: 'http', address, port, over_tls: overTls, ...requestOf(head, bytes) })
  if (!stream.destroyed) stream.end(ANSWER)
}

function recordData({ ends }: TcpConnection, bytes: Buffer, record: SinkholeListener): void {
  const first = { first_hex: shownHex(bytes), first_text: shownText(bytes) }
  record({
    kind: 'data',
    protocol: 'tcp',
    address: ends.address,
    port: ends.port,
    bytes: bytes.length,
    ...first,
  })
}

/** The bytes that came after those that are on record. */
function recordRest({ ends }: TcpConnection, bytes: number, record: SinkholeListener): void {
  if (bytes > 0) record({ kind: 'rest', address: ends.address, port: ends.port, bytes })
}

function requestOf({ method, uri, headers, bytes: headBytes }: HttpHead, bytes: Buffer) {
  const body = bytes.subarray(headBytes)
  return { method, uri, headers, body_bytes: body.length, body_text: shownText(body) }
}

async function serveTls(connection: TcpConnection, record: SinkholeListener): Promise<void> {
  const { address, port } = connection.ends
  // What old programs speak is let pass: nothing here is secret.
  const security = { minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' } as const
  const secureContext = createSecureContext({ ...(await sinkholeCertificate()), ...security })
  if (connection.destroyed) return
  let serverName: string | null = null
  const socket = new TLSSocket(connection, {
    isServer: true,
    secureContext,
    SNICallback: (name, done) => {
      serverName = name
      done(null, secureContext)
    },
  })
  let isRecorded = false
  const recordOnce = (problem: string | null): void => {
    if (isRecorded) return
    isRecorded = true
    record({ kind: 'tls', address, port, server_name: serverName, problem })
  }
  const timer = setTimeout(() => {
    recordOnce(`the connection was not secure within ${SECURE_MS / 1000} s`)
    connection.destroy()
  }, SECURE_MS).unref()
  socket.on('secure', () => {
    clearTimeout(timer)
    recordOnce(null)
  })
  socket.on('error', (error) => recordOnce(error.message.slice(0, 200)))
  socket.on('close', () => {
    clearTimeout(timer)
    recordOnce('the guest ended the connection before it was secure')
    connection.destroy()
  })
  serve({ connection, stream: socket, overTls: true }, record)
}

/** Over TCP, a length of two bytes is before each message: RFC 1035. What is no question is data. */
function serveDns(connection: TcpConnection, dns: DnsServer, record: SinkholeListener): void {
  let bytes = Buffer.alloc(0)
  let rest = 0
  let isOther = false
  const endAsData = (): void => {
    if (isOther || bytes.length === 0) return
    isOther = true
    recordData(connection, bytes, record)
  }
  connection.on('data', (chunk: Buffer) => {
    if (isOther) return void (rest += chunk.length)
    bytes = Buffer.concat([bytes, chunk])
    while (bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE()) {
      const end = 2 + bytes.readUInt16BE()
      const answer = answerDns(dns, bytes.subarray(2, end), connection.ends.address, record)
      if (answer === undefined) return endAsData()
      if (!answer.isWhole) recordData(connection, bytes.subarray(0, end), record)
      bytes = bytes.subarray(end)
      const length = Buffer.alloc(2)
      length.writeUInt16BE(answer.message.length)
      connection.write(Buffer.concat([length, answer.message]))
    }
  })
  connection.on('end', () => {
    endAsData()
    connection.end()
  })
  connection.on('close', () => {
    endAsData()
    recordRest(connection, rest, record)
  })
}

/** Answers a question for a name and records it, with all others of its message; undefined for what is none. */
export function answerDns(
  dns: DnsServer,
  message: Buffer,
  server: string,
  record: SinkholeListener,
): DnsAnswer | undefined {
  const answered = dns.answer(message)
  for (const question of answered?.questions ?? []) record({ kind: 'dns', server, ...question })
  return answered
}
