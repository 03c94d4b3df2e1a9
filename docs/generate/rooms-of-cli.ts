import type { Floor } from './room.ts'

export const cliRooms: readonly Floor[] = [
  [
    { name: 'run', what: '`see run`' },
    { name: 'check', what: '`see check`: what this host lacks' },
    { name: 'guest', what: '`see guest`: builds, prepares and lists guests' },
    { name: 'template', what: '`see template`' },
    { name: 'completion', what: '`see completion`: scripts for shells' },
  ],
  [{ name: 'terminal', what: 'progress, messages, Ctrl-C' }],
]
