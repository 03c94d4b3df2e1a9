import { addressBytes } from './datagrams.ts'

const HEADER_BYTES = 12
const MOST_NAME = 255
const MOST_QUESTIONS = 100
const TYPE_A = 1
const CLASS_INTERNET = 1
const TTL_SECONDS = 60
/** The answer that there is no such name. */
const NO_SUCH_NAME = 3

interface DnsQuestion {
  readonly name: string
  /** IANA's number of it. */
  readonly type: number
}

export interface DnsAnswer {
  /** Each with the address that it was answered with; null for one without a record. */
  readonly questions: readonly (DnsQuestion & { readonly address: string | null })[]
  /** Whether these are all questions of the message. */
  readonly isWhole: boolean
  /** Whether there is such a name. */
  readonly isKnown: boolean
  readonly message: Buffer
}

/** Answers questions for the IPv4 addresses of names. */
export class DnsServer {
  readonly #addressOf: (name: string) => string | undefined

  /** @param addressOf undefined when there is no such name */
  constructor(addressOf: (name: string) => string | undefined) {
    this.#addressOf = addressOf
  }

  /**
   * Answers the first question of a message; others are in no query that is meant well.
   * @returns undefined for what is no question
   */
  answer(message: Buffer): DnsAnswer | undefined {
    const asked = questionsIn(message)
    if (asked === undefined) return undefined
    const { first, others, end, isWhole } = asked
    const known = this.#addressOf(first.name)
    const address = first.type === TYPE_A ? (known ?? null) : null
    const header = Buffer.from(message.subarray(0, HEADER_BYTES))
    // A response, with recursion, to one question.
    const code = known === undefined ? NO_SUCH_NAME : 0
    header.writeUInt16BE(0x8180 | code, 2)
    header.writeUInt16BE(1, 4)
    header.writeUInt16BE(address === null ? 0 : 1, 6)
    header.writeUInt32BE(0, 8)
    const records = address === null ? [] : [recordOf(address)]
    return {
      questions: [{ ...first, address }, ...others.map((other) => ({ ...other, address: null }))],
      isWhole,
      isKnown: known !== undefined,
      message: Buffer.concat([header, message.subarray(HEADER_BYTES, end), ...records]),
    }
  }
}

interface Questions {
  readonly first: DnsQuestion
  readonly others: readonly DnsQuestion[]
  /** Where the first one ends. */
  readonly end: number
  readonly isWhole: boolean
}

/** RFC 1035. */
function questionsIn(message: Buffer): Questions | undefined {
  if (message.length < HEADER_BYTES) return undefined
  const isResponse = (message.readUInt16BE(2) & 0x8000) !== 0
  const count = message.readUInt16BE(4)
  const first = isResponse || count === 0 ? undefined : questionAt(message, HEADER_BYTES)
  if (first === undefined) return undefined
  const others: DnsQuestion[] = []
  for (let at = first.end; others.length + 1 < Math.min(count, MOST_QUESTIONS); ) {
    const next = questionAt(message, at)
    if (next === undefined) break
    others.push(next.question)
    at = next.end
  }
  return { first: first.question, others, end: first.end, isWhole: others.length + 1 === count }
}

function questionAt(message: Buffer, start: number): { question: DnsQuestion; end: number } | undefined {
  const labels: string[] = []
  let offset = start
  for (;;) {
    const length = message[offset]
    if (length === undefined || length > 63 || offset - start > MOST_NAME) return undefined
    offset++
    if (length === 0) break
    labels.push(message.toString('latin1', offset, offset + length))
    offset += length
  }
  if (offset + 4 > message.length) return undefined
  return { question: { name: labels.join('.'), type: message.readUInt16BE(offset) }, end: offset + 4 }
}

function recordOf(address: string): Buffer {
  const record = Buffer.alloc(12)
  // The name is that of the question.
  record.writeUInt16BE(0xc00c, 0)
  record.writeUInt16BE(TYPE_A, 2)
  record.writeUInt16BE(CLASS_INTERNET, 4)
  record.writeUInt32BE(TTL_SECONDS, 6)
  record.writeUInt16BE(4, 10)
  return Buffer.concat([record, addressBytes(address)])
}
