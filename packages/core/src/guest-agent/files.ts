import { z } from 'zod'
import { SeeError } from '../common/errors.ts'
import type { Commands } from './channel.ts'

/** libvirt refuses a command of 192 KiB; 48 KiB are 64 KiB in Base64. */
const WRITE_CHUNK_BYTES = 48 * 1024
const READ_CHUNK_BYTES = 1024 * 1024

const handle = z.int()
const nothing = z.unknown()
const written = z.object({ count: z.int().nonnegative() })
const chunk = z.object({ count: z.int().nonnegative(), 'buf-b64': z.base64(), eof: z.boolean() })

/** Writes a file in the guest, replacing what was there. */
export async function writeGuestFile(commands: Commands, path: string, content: Uint8Array): Promise<void> {
  await withFile(commands, path, 'w', async (file) => {
    for (let offset = 0; offset < content.length; ) {
      const part = Buffer.from(content.subarray(offset, offset + WRITE_CHUNK_BYTES))
      const { count } = await commands.run(written, 'guest-file-write', {
        handle: file,
        'buf-b64': part.toString('base64'),
      })
      // It writes all or fails. One that claims less would have us ask forever.
      if (count !== part.length) {
        throw new SeeError(
          'AGENT_CHANNEL',
          `the guest agent wrote ${count} of ${part.length} bytes of ${path}`,
        )
      }
      offset += count
    }
  })
}

/** What a guest file begins with: at most `maxBytes`, and whether there is more. */
export async function readGuestFile(
  commands: Commands,
  path: string,
  maxBytes: number,
): Promise<{ content: Buffer; truncated: boolean }> {
  return await withFile(commands, path, 'r', async (file) => {
    const parts: Buffer[] = []
    // One byte more than is wanted shows whether there is more.
    for (let wanted = maxBytes + 1; wanted > 0; ) {
      const count = Math.min(wanted, READ_CHUNK_BYTES)
      const read = await commands.run(chunk, 'guest-file-read', { handle: file, count })
      const part = Buffer.from(read['buf-b64'], 'base64')
      if (part.length > count) {
        throw new SeeError(
          'AGENT_CHANNEL',
          `the guest agent sent ${part.length} bytes of ${path}, asked for ${count}`,
        )
      }
      parts.push(part)
      wanted -= part.length
      // It sends less than it was asked for only at the end.
      if (read.eof || part.length < count) break
    }
    const content = Buffer.concat(parts)
    return { content: content.subarray(0, maxBytes), truncated: content.length > maxBytes }
  })
}

async function withFile<Result>(
  commands: Commands,
  path: string,
  mode: 'r' | 'w',
  use: (file: number) => Promise<Result>,
): Promise<Result> {
  const file = await commands.run(handle, 'guest-file-open', { path, mode })
  const close = () => commands.run(nothing, 'guest-file-close', { handle: file })
  let result: Result
  try {
    result = await use(file)
  } catch (error) {
    await close().catch(() => undefined)
    throw error
  }
  await close()
  return result
}
