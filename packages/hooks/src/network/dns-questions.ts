const HEADER_BYTES = 12
const MOST_LABEL = 63
const MOST_NAME = 255
/** Internet, Chaos, Hesiod and any. */
const CLASSES = new Set([1, 3, 4, 255])
/** Multicast DNS asks by it for an answer to the asker alone: RFC 6762. */
const UNICAST = 0x8000
const MOST_QUESTIONS = 100
/** A record of type OPT without data, which queries end with: RFC 6891. */
const OPT_BYTES = 11
const OPT = 41

export interface AskedName {
  readonly name: string
  /** IANA's number of the record type. */
  readonly type: string
}

/**
 * The questions of a message that can be nothing but a DNS query: RFC 1035. Undefined for anything else.
 */
export function dnsQuestions(message: Buffer): AskedName[] | undefined {
  if (message.length < HEADER_BYTES) return undefined
  const [flags, count, records] = [message.readUInt16BE(2), message.readUInt16BE(4), message.readUInt32BE(6)]
  // A standard query, without an error, with nothing but questions and perhaps options.
  const isQuery = (flags & 0xf80f) === 0 && records === 0 && message.readUInt16BE(10) <= 1
  if (!isQuery || count === 0 || count > MOST_QUESTIONS) return undefined
  const questions: AskedName[] = []
  let offset = HEADER_BYTES
  for (let index = 0; index < count; index++) {
    const read = questionAt(message, offset)
    if (read === undefined) return undefined
    questions.push(read.question)
    offset = read.end
  }
  return endsAt(message, offset) ? questions : undefined
}

/** Over TCP, a length of two bytes is before each message; only segments with nothing but whole ones are read. */
export function dnsQuestionsOverTcp(segment: Buffer): AskedName[] | undefined {
  const questions: AskedName[] = []
  for (let offset = 0; offset < segment.length; ) {
    if (offset + 2 > segment.length) return undefined
    const end = offset + 2 + segment.readUInt16BE(offset)
    const asked = end > segment.length ? undefined : dnsQuestions(segment.subarray(offset + 2, end))
    if (asked === undefined) return undefined
    questions.push(...asked)
    offset = end
  }
  return questions
}

function questionAt(message: Buffer, start: number): { question: AskedName; end: number } | undefined {
  const labels: string[] = []
  let offset = start
  for (let length = message[offset++]; length !== 0; length = message[offset++]) {
    if (length === undefined || length > MOST_LABEL || offset - start > MOST_NAME) return undefined
    labels.push(message.toString('latin1', offset, offset + length))
    offset += length
  }
  if (labels.length === 0 || offset + 4 > message.length) return undefined
  if (!CLASSES.has(message.readUInt16BE(offset + 2) & ~UNICAST)) return undefined
  const type = String(message.readUInt16BE(offset))
  return { question: { name: labels.join('.'), type }, end: offset + 4 }
}

function endsAt(message: Buffer, offset: number): boolean {
  if (message.readUInt16BE(10) === 0) return offset === message.length
  const rest = message.subarray(offset)
  if (rest.length < OPT_BYTES || rest.readUInt8() !== 0 || rest.readUInt16BE(1) !== OPT) return false
  return rest.length === OPT_BYTES + rest.readUInt16BE(9)
}
