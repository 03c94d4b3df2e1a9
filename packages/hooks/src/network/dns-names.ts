import { BoundedTally } from './bounded-tally.ts'
import { dnsAnswers, type DnsMessage, dnsMessages } from './dns-answers.ts'
import type { AskedName } from './dns-questions.ts'
import { dnsTypeOf } from './dns-type.ts'
import type { Packet } from './packet.ts'
import { shortText } from './short-text.ts'

/** Answers that are kept of a name. */
const ANSWERS = 100
/** What NetBIOS asks for looks like a name of DNS: RFC 1002. */
const NETBIOS_NAME = /^[A-P]{32}(\.|$)/

export interface DnsName {
  readonly name: string
  /** `A`, `AAAA`, …, or `TYPE` and a number. */
  readonly type: string
  /** How often it was asked for. */
  queries: number
  /** The numbers of the answers' response codes: 0 is success, 3 says that there is no such name. */
  readonly response_codes: number[]
  readonly answers: string[]
}

/** The names that a guest asked for, and their answers. */
export class DnsNames {
  readonly #names: BoundedTally<DnsName>

  /** @param limit names that are kept at most */
  constructor(limit: number) {
    this.#names = new BoundedTally(limit)
  }

  /** Whether there was more than is kept. */
  get full(): boolean {
    return this.#names.full
  }

  get values(): DnsName[] {
    return this.#names.values
  }

  /** Adds what tshark found in a packet. */
  add(packet: Packet): void {
    for (const message of dnsMessages(packet)) {
      message.questions.forEach((asked, index) => {
        const entry = this.#at(asked.name, asked.type)
        if (entry === undefined) return
        if (!message.isResponse) entry.queries++
        // A message has one question at most: RFC 9619.
        else if (index === 0) this.#addAnswer(entry, message, asked.name)
      })
    }
  }

  /** Adds questions that tshark takes for another protocol, or does not look for. */
  addQuestions(packet: Packet, asked: readonly AskedName[] = []): void {
    if (packet.all('dns.qry.name').length > 0) return
    const isNetbios = packet.first('frame.protocols')?.includes(':nbns') === true
    for (const { name: given, type: number } of asked) {
      if (isNetbios && NETBIOS_NAME.test(given)) continue
      const entry = this.#at(given, number)
      if (entry !== undefined) entry.queries++
    }
  }

  #at(asked: string, number: string | undefined): DnsName | undefined {
    const [name, type] = [shortText(asked), dnsTypeOf(number)]
    return this.#names.at([name, type], () => ({ name, type, queries: 0, response_codes: [], answers: [] }))
  }

  #addAnswer(entry: DnsName, { code, answers }: DnsMessage, asked: string): void {
    if (Number.isInteger(code) && !entry.response_codes.includes(code)) entry.response_codes.push(code)
    for (const answer of dnsAnswers(answers, asked).map(shortText)) {
      if (entry.answers.includes(answer)) continue
      if (entry.answers.length >= ANSWERS) this.#names.full = true
      else if (this.#names.hasRoomFor(answer)) entry.answers.push(answer)
    }
  }
}
