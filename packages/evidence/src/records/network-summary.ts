import { z } from 'zod'
import { warnings } from './warning.ts'

const count = z.number()
const time = z.number()

const endpoint = z.object({
  address: z.string().describe('An IP address; without IP, an Ethernet address.'),
  port: z
    .number()
    .optional()
    .describe('Its port; not there where the protocol has none, or it is not known.'),
})

const conversation = z.object({
  protocol: z
    .string()
    .describe(
      'What is carried by IP, or without IP by Ethernet, as tshark names it: `tcp`, `udp`, `icmp`, `arp`, …',
    ),
  source: endpoint.describe('Who sent the first packet.'),
  destination: endpoint.describe('Who was sent the first packet.'),
  packets: count.describe('Packets in both directions.'),
  bytes: count.describe('Bytes on the wire in both directions, frame headers included.'),
  first: time.describe('When the first packet passed, in seconds since the epoch.'),
  last: time.describe('When the last packet passed, in seconds since the epoch.'),
})

const dnsName = z.object({
  name: z.string().describe('The name that was asked for.'),
  type: z.string().describe('The type that was asked for: `A`, `AAAA`, …, or `TYPE` and a number.'),
  queries: count.describe('How often it was asked for.'),
  response_codes: z
    .array(z.number())
    .describe('The response codes of the answers: 0 is success, 3 means that there is no such name.'),
  answers: z.array(z.string()).describe('What it was answered.'),
})

const httpRequest = z.object({
  method: z.string().describe('The method, such as `GET`.'),
  host: z.string().nullable().describe('The host, as the guest gave it; null when it gave none.'),
  uri: z.string().describe('What was asked for.'),
  user_agent: z.string().nullable().describe('The program, as the guest gave it; null when it gave none.'),
  server: endpoint.describe('The server that was asked.'),
  requests: count.describe('How often it was asked for.'),
})

const tlsName = z.object({
  server_name: z
    .string()
    .nullable()
    .describe('The name, as the client gave it; null when it gave none, or encrypted it.'),
  server: endpoint.describe('The server that was greeted.'),
  connections: count.describe('How often it was greeted.'),
})

/** Conversations, names and requests in a network trace. */
export const networkSummarySchema = z.object({
  trace: z.string().describe('The path of the trace on the host.'),
  packets: count.describe('Packets that were read.'),
  bytes: count.describe('Bytes of these packets on the wire.'),
  truncated: z
    .boolean()
    .describe('Whether there was more: packets beyond the limit, or more of something than is read or kept.'),
  isolation_probe: z
    .object({
      packets: count.describe('How many.'),
      bytes: count.describe('Their bytes on the wire.'),
    })
    .optional()
    .describe(
      'The packets of the probe of the isolation: among `packets`, and in nothing else that is listed, apart from those of the sample.',
    ),
  conversations: z.array(conversation).describe('All packets between two ends, each.'),
  dns: z.array(dnsName).describe('Names that the guest asked for.'),
  http: z.array(httpRequest).describe('Requests by HTTP.'),
  tls: z.array(tlsName).describe('Servers that were greeted by TLS.'),
  not_analysed: z.array(z.string()).describe('What may be in any trace and is in no summary.'),
  warnings: warnings.describe('What is not in this summary, and what the trace lacks.'),
})

/** Conversations, names and requests in a network trace. */
export type NetworkSummary = z.output<typeof networkSummarySchema>
