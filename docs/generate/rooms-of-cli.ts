import type { Floor } from './room.ts'

export const cliRooms: readonly Floor[] = [
  [
    { name: 'run', what: '`npx see run`' },
    { name: 'report', what: '`npx see report`: the page of a case' },
    { name: 'check', what: '`npx see check`: what this host lacks' },
    { name: 'guest', what: '`npx see guest`: builds, prepares and lists guests' },
    { name: 'template', what: '`npx see template`' },
    {
      name: 'reap',
      what: '`npx see list`, `npx see reap`: the environments on this host, and what killed processes left',
    },
    { name: 'completion', what: '`npx see completion`: scripts for shells' },
  ],
  [
    { name: 'page', what: 'the page of a case, made and written' },
    { name: 'terminal', what: 'progress and messages' },
  ],
]
