import type { Floor } from './room.ts'

export const evidenceRooms: readonly Floor[] = [
  [{ name: 'manifest', what: 'what `manifest.json` holds, and the kinds of files' }],
  [{ name: 'common', what: 'errors, and bounded JSON' }],
]
