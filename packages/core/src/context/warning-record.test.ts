import { describe, expect, test } from 'vitest'
import { evidenceWarning } from '../contract/evidence-warning.ts'
import { WarningRecord } from './warning-record.ts'

const journal = evidenceWarning('DISK_JOURNAL_PENDING', 'p1', 'its journal is pending')

describe('WarningRecord', () => {
  test('a stock warning says where its code is explained, another one does not', () => {
    expect(journal.limits).toBe('docs/limits.md#disk_journal_pending')
    expect(evidenceWarning('mine:NO_DATA', 'a', 'b').limits).toBeNull()
  })

  test('the same warning is kept and announced once', () => {
    const record = new WarningRecord()
    expect(record.add(journal)).toEqual(journal)
    expect(record.add({ ...journal })).toBeUndefined()
    expect(record.all).toEqual([journal])
  })

  test('the five hundred and first says that more are missing, and nothing is kept after it', () => {
    const record = new WarningRecord()
    const added = Array.from({ length: 600 }, (_, index) =>
      record.add(evidenceWarning('mine:MANY', `file ${index}`, 'unread')),
    )
    expect(record.all).toHaveLength(501)
    expect(record.all.at(-1)?.code).toBe('WARNINGS_CUT')
    expect(added.filter((warning) => warning !== undefined)).toHaveLength(501)
  })
})
