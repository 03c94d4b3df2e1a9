import type { Floor } from './room.ts'

export const cliRooms: readonly Floor[] = [
  [
    { name: 'run', what: '`see run`' },
    { name: 'check', what: '`see check`: what this host lacks' },
    { name: 'guest', what: '`see guest`: builds, prepares and lists guests' },
    { name: 'template', what: '`see template`' },
    { name: 'completion', what: '`see completion`: scripts for shells' },
  ],
  [
    { name: 'tiny-guest', what: 'the guest that runs a case without a configuration' },
    { name: 'protocol', what: 'what is done to a running sandbox: the given protocol, or the default one' },
    { name: 'terminal', what: 'progress, messages, Ctrl-C' },
  ],
  [{ name: 'report', what: 'what a run came to: its outcome, exit code and `run.json`' }],
  [{ name: 'sample', what: 'a file, folder, archive or command as the sample of a run' }],
]
