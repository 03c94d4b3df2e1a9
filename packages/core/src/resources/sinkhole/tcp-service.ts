import type { Duplex } from 'node:stream'
import { createSecureContext, TLSSocket } from 'node:tls'
import { messageOf } from '../../errors.ts'
import { sinkholeCertificate } from './certificate.ts'
import type { DnsServer } from './dns.ts'
import { type SinkholeListener, shownHex, shownText } from './entry.ts'
import { type HttpHead, looksLikeHttp, readHead } from './http-request.ts'
import type { TcpConnection } from './tcp-connection.ts'

/** Bytes of a connection that are looked at; what comes after is acknowledged and forgotten. */
const MOST_BYTES = 65_536
/** How long a guest may take for the rest of a request or its body. */
const REST_MS = 1000
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
  let isDone = false
  const timer = setTimeout(() => finish(), REST_MS)
  timer.unref()
  const finish = (): void => {
    if (isDone || bytes.length === 0) return
    isDone = true
    clearTimeout(timer)
    finishServing(served, bytes, record)
  }
  stream.on('data', (chunk: Buffer) => {
    if (isDone) return
    bytes = Buffer.concat([bytes, chunk.subarray(0, MOST_BYTES - bytes.length)])
    if (!overTls && bytes[0] === TLS_HANDSHAKE) {
      isDone = true
      clearTimeout(timer)
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
    else timer.refresh()
  })
  stream.on('end', () => {
    finish()
    stream.end()
  })
  // A connection that is reset, or whose guest ends, has said what it has said.
  stream.on('close', () => {
    clearTimeout(timer)
    finish()
  })
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
  socket.on('secure', () => recordOnce(null))
  socket.on('error', (error) => recordOnce(error.message.slice(0, 200)))
  socket.on('close', () => {
    recordOnce('the guest ended the connection before it was secure')
    connection.destroy()
  })
  serve({ connection, stream: socket, overTls: true }, record)
}

/** Over TCP, a length of two bytes is before each message: RFC 1035. What is no question is data. */
function serveDns(connection: TcpConnection, dns: DnsServer, record: SinkholeListener): void {
  let bytes = Buffer.alloc(0)
  let isOther = false
  const endAsData = (): void => {
    if (isOther || bytes.length === 0) return
    isOther = true
    recordData(connection, bytes, record)
  }
  connection.on('data', (chunk: Buffer) => {
    if (isOther) return
    bytes = Buffer.concat([bytes, chunk])
    while (bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE()) {
      const end = 2 + bytes.readUInt16BE()
      const answer = answerDns(dns, bytes.subarray(2, end), connection.ends.address, record)
      if (answer === undefined) return endAsData()
      bytes = bytes.subarray(end)
      const length = Buffer.alloc(2)
      length.writeUInt16BE(answer.length)
      connection.write(Buffer.concat([length, answer]))
    }
  })
  connection.on('end', () => {
    endAsData()
    connection.end()
  })
  connection.on('close', endAsData)
}

/** Answers a question for a name and records it; undefined for what is none. */
export function answerDns(
  dns: DnsServer,
  message: Buffer,
  server: string,
  record: SinkholeListener,
): Buffer | undefined {
  const answered = dns.answer(message)
  if (answered === undefined) return undefined
  const { question, address } = answered
  record({ kind: 'dns', server, ...question, address })
  return answered.message
}
