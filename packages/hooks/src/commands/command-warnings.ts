import { type EvidenceWarning, evidenceWarning, type LimitReached, type SeeContext } from '@see/core'
import type { CommandRecord } from './command-record.ts'
import type { LateCollection } from './late-collection.ts'

const END_UNKNOWN = 'the HTTP agent does not report the end of a command in the background'
/** What an agent of a busy guest may take for its answer. */
const SILENT_MS = 5000

/**
 * Warns of what is not known of a command, and reports the limit that its output reached.
 * @param limit bytes of each output that are kept at most
 */
export async function warnOfCommand(
  context: SeeContext,
  record: CommandRecord,
  limit: number,
): Promise<void> {
  for (const warning of commandWarnings(record, limit)) await context.warn(warning)
  if (record.truncated) context.reportLimit(outputCut(record, limit))
}

function commandWarnings(record: CommandRecord, limit: number): EvidenceWarning[] {
  const { status, error, lost, truncated } = record
  const what = nameOf(record)
  const warnings: EvidenceWarning[] = []
  if (status === 'running') {
    warnings.push(evidenceWarning('COMMAND_UNFINISHED', `exit code of ${what}`, error ?? END_UNKNOWN))
  }
  if (lost !== null) {
    warnings.push(evidenceWarning('OUTPUT_LOST', `output or exit code of ${what}`, lost))
  } else if (truncated) {
    const why = `more than ${limit} bytes were printed; raise output_limit`
    warnings.push(evidenceWarning('OUTPUT_TRUNCATED', `output of ${what}`, why))
  }
  return warnings
}

/** The warning of an agent that was not heard for so long before its guest was stopped; undefined of one that was merely busy. */
export function silentAgent(unheardMs: number): EvidenceWarning | undefined {
  if (unheardMs < SILENT_MS) return undefined
  const why = `it did not answer in the last ${Math.floor(unheardMs / 1000)} s in which its guest ran`
  return evidenceWarning('AGENT_SILENT', 'what the guest’s agent was asked for', why)
}

/** The limit that a command has reached whose output is cut. */
function outputCut(record: CommandRecord, bound: number): LimitReached {
  const detail = `output of ${nameOf(record)}: more than ${bound} bytes were printed; raise output_limit`
  return { limit: 'output_limit', bound, measured: bound, action: 'cut', detail }
}

/** Warns of programs that a command left running and that may have printed more. */
export function openOutputWarnings(
  record: CommandRecord,
  { isOpen, failure }: Pick<LateCollection, 'isOpen' | 'failure'>,
): EvidenceWarning[] {
  if (isOpen === false) return []
  const why =
    isOpen === true
      ? 'programs that it left running could still print when their guest, or the run, ended'
      : `it is not known whether programs that it left running printed more: ${failure ?? 'the guest ended'}`
  return [evidenceWarning('OUTPUT_UNFINISHED', `output of ${nameOf(record)}`, why)]
}

/** How a command is named in warnings. */
function nameOf({ command, sample }: CommandRecord): string {
  return `command ${JSON.stringify((command ?? sample ?? '').slice(0, 200))}`
}
