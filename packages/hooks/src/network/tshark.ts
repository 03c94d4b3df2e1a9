import { SeeError } from '@see/core'
import { runConfined } from '../confinement/confined-command.ts'
import { packetFields } from './packet.ts'
import { PacketLines, type PacketSink } from './packet-lines.ts'

const MEMORY_BYTES = 2 * 1024 * 1024 * 1024
const OUTPUT_BYTES = 256 * 1024 * 1024

/**
 * Protocols are recognized by what they say before their port is asked, a request is read before its body is there, and
 * segments of a connection are put in order, as their receiver does:
 * https://www.wireshark.org/docs/wsug_html_chunked/ (preferences of tcp and http).
 */
const PREFERENCES = [
  'tcp.try_heuristic_first:TRUE',
  'tcp.reassemble_out_of_order:TRUE',
  'http.desegment_body:FALSE',
]

export interface DissectOptions {
  /** tshark's path. */
  readonly tshark: string
  /** Packets that are read at most. */
  readonly packetLimit: number
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/**
 * Has tshark read a trace, confined: the trace is the guest's making, and dissectors have had their bugs. The sinks get
 * each packet as it is read. Returns how many there were.
 * @throws SeeError `TOOL_FAILED`; no output is also a failure
 */
export async function dissect(
  trace: string,
  sinks: readonly PacketSink[],
  { tshark, packetLimit, timeoutMs, signal }: DissectOptions,
): Promise<number> {
  const fields = packetFields.flatMap((field) => ['-e', field])
  const preferences = PREFERENCES.flatMap((preference) => ['-o', preference])
  const input = ['-n', ...preferences, '-r', trace, '-c', String(packetLimit)]
  const argv = [tshark, ...input, '-T', 'ek', ...fields] as const
  const bounds = { timeoutMs, memoryBytes: MEMORY_BYTES, outputBytes: OUTPUT_BYTES, signal }
  const lines = new PacketLines(sinks)
  const onStdout = (part: Buffer): void => lines.push(part)
  const { exitCode, exceeded, stderr } = await runConfined(argv, { readable: [trace], ...bounds, onStdout })
  if (exceeded !== null) {
    throw new SeeError(
      'TOOL_FAILED',
      `tshark was killed on ${trace}: it exceeded its bound in ${exceeded}; raise timeout or lower packet_limit`,
    )
  }
  if (exitCode !== 0) {
    const said = JSON.stringify(stderr.toString().trim().slice(-1000))
    throw new SeeError('TOOL_FAILED', `tshark ended with exit code ${exitCode} on ${trace}: ${said}`)
  }
  lines.end()
  if (lines.packets > 0) return lines.packets
  throw new SeeError(
    'TOOL_FAILED',
    `tshark found no packet in ${trace}, where even an idle guest sends some: was the right device traced, while the guest ran?`,
  )
}
