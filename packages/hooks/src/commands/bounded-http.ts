import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { SeeError } from '@see/core'

const MAX_HEADER_BYTES = 16 * 1024

export interface HttpQuestion {
  readonly host: string
  readonly port: number
  /** The path and query. */
  readonly path: string
  /** The file that is posted; without one the question is a GET. */
  readonly upload?: string | undefined
  /** What the answer's body may have. */
  readonly maxBytes: number
  /** Called with each part of the body as it comes, whatever becomes of the rest. */
  readonly onBody?: ((part: Buffer) => void) | undefined
  readonly signal: AbortSignal
}

/**
 * Asks a server that is not trusted, once: no redirect is followed, and the connection ends with the answer.
 * @returns the body of an answer with status 200
 * @throws SeeError `AGENT_COMMAND_FAILED` of another status, `GUEST_OUTPUT_LIMIT`; any error of a connection that broke
 */
export async function askHttp({ upload, maxBytes, onBody, ...question }: HttpQuestion): Promise<Buffer> {
  const length = upload === undefined ? {} : { 'content-length': (await stat(upload)).size }
  const client = request({
    ...question,
    method: upload === undefined ? 'GET' : 'POST',
    headers: { accept: 'application/json', connection: 'close', ...length },
    agent: false,
    maxHeaderSize: MAX_HEADER_BYTES,
  })
  try {
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      client.once('response', resolve)
      client.on('error', reject)
      client.once('close', () => reject(new Error('the connection was closed without an answer')))
    })
    if (upload === undefined) client.end()
    // A failure is also the client's error.
    else pipeline(createReadStream(upload), client).catch(() => undefined)
    return await bodyOf(await answered, maxBytes, onBody)
  } finally {
    client.destroy()
  }
}

async function bodyOf(
  answer: IncomingMessage,
  maxBytes: number,
  onBody: HttpQuestion['onBody'],
): Promise<Buffer> {
  if (answer.statusCode !== 200) {
    throw new SeeError('AGENT_COMMAND_FAILED', `it answered with status ${answer.statusCode}`)
  }
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of answer) {
    if (!Buffer.isBuffer(part)) continue
    bytes += part.length
    if (bytes > maxBytes) {
      throw new SeeError('GUEST_OUTPUT_LIMIT', `its answer has more than ${maxBytes} bytes`)
    }
    parts.push(part)
    onBody?.(part)
  }
  if (!answer.complete) throw new Error('its answer was broken off')
  return Buffer.concat(parts)
}
