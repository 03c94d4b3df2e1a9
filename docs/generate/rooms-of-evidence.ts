import type { Floor } from './room.ts'

export const evidenceRooms: readonly Floor[] = [
  [{ name: 'reading', what: 'a results folder, and a file of it by its kind' }],
  [
    {
      name: 'version-1',
      what: 'folders from before there was a manifest; the only place that knows names of files',
    },
  ],
  [{ name: 'model', what: 'the evidence of one environment, read' }],
  [
    { name: 'manifest', what: 'what `manifest.json` holds, and the kinds of files' },
    { name: 'timeline', what: 'the lines of a timeline' },
    { name: 'records', what: 'what each kind of file holds' },
  ],
  [{ name: 'common', what: 'errors, and bounded JSON' }],
]
