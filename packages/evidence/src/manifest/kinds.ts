/** A kind of evidence that SEE writes itself. */
interface KindFacts {
  /** One line, for the reference. */
  readonly meaning: string
  /** The media type of its files, where all of them have the same. */
  readonly mediaType: string
}

const TEXT = 'text/plain; charset=utf-8'
const JSON_TYPE = 'application/json'
const LINES = 'application/jsonl'
const BYTES = 'application/octet-stream'

/** Every kind of file that SEE writes into a results folder, with its meaning. */
export const kindFacts = {
  timeline: { meaning: 'Every event of a case and every run of a handler, a line each.', mediaType: LINES },
  run_report: { meaning: 'What a case came to, as `npx see run --json` prints it.', mediaType: JSON_TYPE },
  isolation: {
    meaning: 'What the guest was seen to be isolated from, before its sample was run.',
    mediaType: JSON_TYPE,
  },
  not_ready: { meaning: 'What was seen of a guest that did not get ready, and why.', mediaType: JSON_TYPE },
  command_record: { meaning: 'A command or sample that was run in the guest.', mediaType: JSON_TYPE },
  command_stdout: { meaning: 'The standard output of a command, as the guest wrote it.', mediaType: BYTES },
  command_stderr: { meaning: 'The standard error of a command, as the guest wrote it.', mediaType: BYTES },
  screenshot: { meaning: 'The screen of the guest at an event.', mediaType: 'image/png' },
  console: { meaning: 'What the guest wrote on its serial console, as it wrote it.', mediaType: BYTES },
  memory_dump: { meaning: 'The memory of the guest at an event, as an ELF core dump.', mediaType: BYTES },
  disk_checkpoint: { meaning: 'A disk of the guest at an event, as a disk image.', mediaType: BYTES },
  disk_changes: { meaning: 'What the guest changed on one of its disks.', mediaType: JSON_TYPE },
  extracted_file: { meaning: 'A file of the guest, named in a report of disk changes.', mediaType: BYTES },
  network_trace: { meaning: 'The packets of the guest.', mediaType: 'application/vnd.tcpdump.pcap' },
  network_summary: { meaning: 'Conversations, names and requests in a network trace.', mediaType: JSON_TYPE },
  network_log: { meaning: 'A network trace, a line for each packet.', mediaType: TEXT },
  sinkhole_requests: { meaning: 'What the guest asked of the sinkhole, a line each.', mediaType: LINES },
  yara_matches: { meaning: 'What YARA found in the evidence.', mediaType: JSON_TYPE },
  analysis_record: { meaning: 'A program that was run over the evidence.', mediaType: JSON_TYPE },
  analysis_stdout: { meaning: 'The standard output of such a program.', mediaType: BYTES },
  analysis_stderr: { meaning: 'The standard error of such a program.', mediaType: BYTES },
  analysis_output: { meaning: 'A file that such a program wrote.', mediaType: BYTES },
} as const satisfies Readonly<Record<string, KindFacts>>

/** A kind of file that SEE writes itself. */
export type StockKind = keyof typeof kindFacts

/** The kind of a file of evidence; those of third-party hooks begin with `x-`. */
export type EvidenceKind = StockKind | `x-${string}`

/** Every kind of file that SEE writes itself. */
export const stockKinds = Object.keys(kindFacts).filter(isStockKind)

/** Whether SEE writes files of this kind itself. */
export function isStockKind(kind: string): kind is StockKind {
  return Object.hasOwn(kindFacts, kind)
}
