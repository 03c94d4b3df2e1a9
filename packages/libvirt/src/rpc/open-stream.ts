import type { CallOptions, SignalOptions } from '../common/abort.ts'
import { inTime } from '../common/in-time.ts'
import type { OpenStream } from './node-stream.ts'
import { openConnection } from './open-connection.ts'
import {
  streamTable,
  type StreamArgsOf,
  type StreamName,
  type StreamResultOf,
} from '../protocol/procedure-types.ts'
import type { ParsedUri } from '../transport/uri.ts'

/**
 * Opens a connection for one stream and makes the call that opens it. Closes the connection if that fails. The signal ends
 * the stream, also after it was opened; the time bounds the opening.
 */
export async function openStream<N extends StreamName>(
  uri: ParsedUri,
  name: N,
  args: StreamArgsOf<N>,
  options: CallOptions = {},
): Promise<{ result: StreamResultOf<N>; opened: OpenStream }> {
  const { signal } = options
  return await inTime(name, options, async (opening) => {
    const { result, channel, release } = await open(uri, name, args, opening)
    return { result, opened: { channel, signal, release } }
  })
}

async function open<N extends StreamName>(
  uri: ParsedUri,
  name: N,
  args: StreamArgsOf<N>,
  { signal }: SignalOptions,
): Promise<{ result: StreamResultOf<N> } & Omit<OpenStream, 'signal'>> {
  // Back-pressure pauses the socket, pongs included: such a connection must not ask for keepalive.
  const connection = await openConnection(uri, { signal, keepalive: false })
  try {
    const { result, channel } = await connection.openStream(streamTable[name], args, { signal })
    return { result, channel, release: () => connection.close() }
  } catch (error) {
    await connection.close()
    throw error
  }
}
