import { SeeError } from '@see/core'
import { EvidenceFolder } from '../report/evidence-folder.ts'
import { Outcome } from '../report/outcome.ts'
import { writeReport } from '../report/write-report.ts'
import type { ThreadData } from './thread-data.ts'
import { blockedMessage } from './watchdog.ts'

/**
 * Writes the `run.json` of a case whose process does nothing any more, from what its folder has; another one takes its
 * place where the process goes on.
 * @param who what it does, by its own note; empty where that is not known
 * @returns what is wrong
 */
export async function reportBlocked(data: ThreadData, who: string): Promise<string> {
  const { identifier, folder, mode, loopTimeoutMs } = data
  const error = new SeeError('EVENT_LOOP_BLOCKED', blockedMessage(who, loopTimeoutMs, ''))
  const outcome = new Outcome(AbortSignal.abort(error))
  outcome.evidence = await EvidenceFolder.open(folder, identifier)
  if (outcome.evidence !== undefined) await writeReport(outcome, { identifier, mode })
  return error.message
}
