import type { CallOptions } from '../common/abort.ts'
import type { OpenStream } from './node-stream.ts'
import { openConnection } from './open-connection.ts'
import {
  streamTable,
  type StreamArgsOf,
  type StreamName,
  type StreamResultOf,
} from '../protocol/procedure-types.ts'
import type { ParsedUri } from '../transport/uri.ts'

/** Opens a connection for one stream and makes the call that opens it. Closes the connection if that fails. */
export async function openStream<N extends StreamName>(
  uri: ParsedUri,
  name: N,
  args: StreamArgsOf<N>,
  { signal }: CallOptions = {},
): Promise<{ result: StreamResultOf<N>; opened: OpenStream }> {
  // Back-pressure pauses the socket, pongs included: such a connection must not ask for keepalive.
  const connection = await openConnection(uri, { signal, keepalive: false })
  try {
    const { result, channel } = await connection.openStream(streamTable[name], args, { signal })
    return { result, opened: { channel, signal, release: () => connection.close() } }
  } catch (error) {
    await connection.close()
    throw error
  }
}
