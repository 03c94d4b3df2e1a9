import { z } from 'zod'

const time = z.string().describe('When it came, in ISO 8601, by the clock of this host.')
const isolation_probe = z
  .literal(true)
  .optional()
  .describe('There where the probe of the isolation asked, and not the sample.')
const bytes = z.number()
const toPort = {
  time,
  address: z.string().describe('The address that the guest asked.'),
  port: z.number().describe('The port that the guest asked.'),
}

const dns = z.object({
  kind: z.literal('dns').describe('A name was asked for.'),
  time,
  server: z.string().describe('The server that was asked.'),
  name: z.string().describe('The name.'),
  type: z.number().describe('The number of the record type: 1 is A, 28 is AAAA.'),
  address: z.string().nullable().describe('What it was answered; null for an answer without a record.'),
  isolation_probe,
})

const tcp = z.object({
  kind: z.literal('tcp').describe('A TCP connection was made.'),
  ...toPort,
  isolation_probe,
})

const data = z.object({
  kind: z
    .literal('data')
    .describe('First bytes on a connection, or a UDP datagram, of no protocol that is answered.'),
  ...toPort,
  protocol: z.enum(['tcp', 'udp']).describe('What it came by.'),
  bytes: bytes.describe('Bytes of the datagram, or of what came at first.'),
  first_hex: z.string().describe('The first of these bytes in hexadecimal, 256 at most.'),
  first_text: z.string().describe('The same as text.'),
  isolation_probe,
})

const tls = z.object({
  kind: z.literal('tls').describe('A TLS connection was opened.'),
  ...toPort,
  server_name: z.string().nullable().describe('The name that the guest gave; null when it gave none.'),
  problem: z
    .string()
    .nullable()
    .describe(
      'Why it failed, for example since the guest does not trust the certificate; null when it did not.',
    ),
})

const http = z.object({
  kind: z.literal('http').describe('A request by HTTP.'),
  ...toPort,
  over_tls: z.boolean().describe('Whether it came by TLS.'),
  method: z.string().describe('The method, such as `GET`.'),
  uri: z.string().describe('What was asked for.'),
  headers: z.array(z.string()).describe('The headers, in the order and spelling of the guest.'),
  body_bytes: bytes.describe('Bytes of the body that had come when it was answered.'),
  body_text: z.string().describe('The first bytes of the body as text, 256 at most.'),
})

const rest = z.object({
  kind: z
    .literal('rest')
    .describe('A connection has ended on which more came than the requests before show.'),
  ...toPort,
  bytes: bytes.describe('All bytes that came.'),
})

const ping = z.object({
  kind: z.literal('ping').describe('An address was pinged.'),
  time,
  address: z.string().describe('The address.'),
})

const refused = z.object({
  kind: z.literal('refused').describe('Something was refused.'),
  ...toPort,
  what: z.string().describe('What was refused.'),
})

/** Something that the guest asked of the sinkhole: a line of its record. */
export const sinkholeRequestSchema = z.discriminatedUnion('kind', [
  dns,
  tcp,
  data,
  tls,
  http,
  rest,
  ping,
  refused,
])

/** Something that the guest asked of the sinkhole: a line of its record. */
export type SinkholeRequestLine = z.output<typeof sinkholeRequestSchema>
