import { expect } from 'vitest'
import { errorCodes } from './error-codes.ts'
import type { HostileRow } from './hostile-row.ts'

/** The same with a run that goes on until its deadline: whatever the guest does then is in the way of its end. */
export function untilDeadline(row: HostileRow): HostileRow {
  return {
    ...row,
    name: `${row.name}, until the deadline`,
    runtime: 600,
    deadline: 20,
    exitCodes: [4],
    says: ({ report, out, error }) => {
      // What could not be cleaned up in a hurry is beside it.
      expect(errorCodes(report.error)).toContain('DEADLINE_REACHED')
      expect(out).toContain('the deadline was reached')
      expect(error).toContain('the run reached its deadline')
    },
  }
}
