import { dnsTypeOf } from './dns-type.ts'
import type { Packet, PacketField } from './packet.ts'

/** Types whose records tshark shows by one field each. */
const FIELDS: Readonly<Record<string, PacketField>> = {
  1: 'dns.a',
  2: 'dns.ns',
  5: 'dns.cname',
  6: 'dns.soa.mname',
  12: 'dns.ptr.domain_name',
  15: 'dns.mx.mail_exchange',
  28: 'dns.aaaa',
  35: 'dns.naptr.replacement',
}
/** How many records each section of a message has, in their order. */
const COUNTS = ['dns.count.queries', 'dns.count.answers', 'dns.count.auth_rr', 'dns.count.add_rr'] as const
const CNAME = '5'
const TXT = '16'
const SRV = '33'
const SERVICE_BINDINGS = new Set(['64', '65'])

/** The next value of a field; undefined when there are no more. */
type Next = (field: PacketField) => string | undefined

export interface DnsRecord {
  /** Undefined for a record of type SRV: tshark shows its name by other fields. */
  readonly name: string | undefined
  readonly type: string
  readonly values: readonly string[]
}

/** What a packet has of one DNS message: over TCP it may have several. */
export interface DnsMessage {
  readonly isResponse: boolean
  /** Not a number where it is not known. */
  readonly code: number
  readonly questions: readonly { readonly name: string; readonly type: string | undefined }[]
  readonly answers: readonly DnsRecord[]
}

/** The DNS messages of a packet. If tshark does not count all sections of the messages, they are taken for one. */
export function dnsMessages(packet: Packet): DnsMessage[] {
  const responses = packet.all('dns.flags.response')
  const types = packet.all('dns.qry.type')
  const questions = packet.all('dns.qry.name').map((name, index) => ({ name, type: types[index] }))
  const records = recordsOf(packet)
  const codes = packet.all('dns.flags.rcode')
  const isCounted = COUNTS.every((field) => packet.all(field).length === responses.length)
  if (!isCounted) {
    const answers = records.slice(0, packet.number('dns.count.answers'))
    return [{ isResponse: responses[0] === '1', code: Number(codes[0]), questions, answers }]
  }
  let response = 0
  return responses.map((flag, index) => {
    const [asked = 0, answered = 0, authorities = 0, additional = 0] = COUNTS.map((field) =>
      Number(packet.all(field)[index]),
    )
    const answers = records.splice(0, answered)
    records.splice(0, authorities + additional)
    const isResponse = flag === '1'
    // Only responses have a code.
    const code = isResponse ? Number(codes[response++]) : Number.NaN
    return { isResponse, code, questions: questions.splice(0, asked), answers }
  })
}

/**
 * What a DNS response says of a name: its own records and those of the names that it is an alias of. Records of other
 * names, which a server can add at will, are not answers.
 */
export function dnsAnswers(records: readonly DnsRecord[], asked: string): string[] {
  const names = new Set([asked.toLowerCase()])
  const answers: string[] = []
  for (const { name, type, values } of records) {
    if (name !== undefined && !names.has(name.toLowerCase())) continue
    if (type === CNAME) for (const value of values) names.add(value.toLowerCase())
    answers.push(...values)
  }
  return answers
}

/** The records of all sections, in their order: tshark lists the values of each field on their own. */
function recordsOf(packet: Packet): DnsRecord[] {
  const taken = new Map<PacketField, number>()
  const next: Next = (field) => {
    const index = taken.get(field) ?? 0
    taken.set(field, index + 1)
    return packet.all(field)[index]
  }
  return packet.all('dns.resp.type').map((type, index) => {
    const name = type === SRV ? undefined : (next('dns.resp.name') ?? '')
    return { name, type, values: valuesOf(type, Number(packet.all('dns.resp.len')[index]), next) }
  })
}

function valuesOf(type: string, length: number, next: Next): string[] {
  const field = FIELDS[type]
  if (field !== undefined) return given(next(field))
  if (type === TXT) return textsOf(length, next)
  if (type === SRV) return given(joined(next('dns.srv.target'), ':', next('dns.srv.port')))
  if (!SERVICE_BINDINGS.has(type)) return [`(${dnsTypeOf(type)})`]
  return given(joined(next('dns.svcb.svcpriority'), ' ', next('dns.svcb.targetname')))
}

/** A malformed record has no value. */
function given(value: string | undefined): string[] {
  return value === undefined ? [] : [value]
}

function joined(first: string | undefined, between: string, second: string | undefined): string | undefined {
  return first === undefined || second === undefined ? undefined : `${first}${between}${second}`
}

/** A record of type TXT has as many texts as fit its length, each behind a byte with its own: RFC 1035. */
function textsOf(length: number, next: Next): string[] {
  const texts: string[] = []
  for (let read = 0; read < length; ) {
    const text = next('dns.txt')
    if (text === undefined) break
    texts.push(text)
    read += 1 + (Number(next('dns.txt.length')) || 0)
  }
  return texts
}
