/** What a guest asked of the sinkhole; every text in it is of the guest's making. */
export type SinkholeRequest =
  | {
      readonly kind: 'dns'
      /** The server that was asked. */
      readonly server: string
      readonly name: string
      /** IANA's number of the record type: 1 is A, 28 is AAAA. */
      readonly type: number
      /** What it was answered with; null for an answer without a record. */
      readonly address: string | null
    }
  | (ToPort & {
      /** A TCP connection was made. */
      readonly kind: 'tcp'
    })
  | (ToPort & {
      /** The first bytes that the guest sent on a connection, or a UDP datagram, of no protocol that is answered. */
      readonly kind: 'data'
      readonly protocol: 'tcp' | 'udp'
      /** Size of the datagram, or of what came at first. */
      readonly bytes: number
      /** At most 256 of them. */
      readonly first_hex: string
      readonly first_text: string
    })
  | (ToPort & {
      /** A TLS connection was opened. */
      readonly kind: 'tls'
      readonly server_name: string | null
      /** Why it did not come about, since the guest does not trust the certificate for example; null when it did. */
      readonly problem: string | null
    })
  | (ToPort & {
      readonly kind: 'http'
      readonly over_tls: boolean
      readonly method: string
      readonly uri: string
      /** In the guest's order and spelling. */
      readonly headers: readonly string[]
      /** Bytes of the body that came by the answer. */
      readonly body_bytes: number
      /** At most 256 bytes of it. */
      readonly body_text: string
    })
  | (ToPort & {
      /** A connection on which more came than the requests before show, and has ended. */
      readonly kind: 'rest'
      readonly bytes: number
    })
  | { readonly kind: 'ping'; readonly address: string }
  | (ToPort & {
      readonly kind: 'refused'
      readonly what: string
    })

interface ToPort {
  readonly address: string
  readonly port: number
}

export type SinkholeListener = (request: SinkholeRequest) => void

/** Bytes of data that a request shows. */
const SHOWN_BYTES = 256

export function shownText(bytes: Buffer): string {
  return bytes.toString('latin1', 0, SHOWN_BYTES)
}

export function shownHex(bytes: Buffer): string {
  return bytes.toString('hex', 0, SHOWN_BYTES)
}
