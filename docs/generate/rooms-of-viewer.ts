import type { Floor } from './room.ts'

export const viewerRooms: readonly Floor[] = [
  [
    { name: 'reading', what: 'the evidence of a case, as rows within bounds' },
    { name: 'page', what: 'the built page, and data in it' },
  ],
  [{ name: 'model', what: 'what the page is given; the only room that `app/` imports' }],
]
