import type { Floor } from './room.ts'

export const evidenceRooms: readonly Floor[] = [
  [{ name: 'reading', what: 'a file by its kind' }],
  [
    { name: 'manifest', what: 'what `manifest.json` holds, and the kinds of files' },
    { name: 'timeline', what: 'the lines of a timeline' },
    { name: 'records', what: 'what each kind of file holds' },
  ],
  [{ name: 'common', what: 'errors, and bounded JSON' }],
]
