import type { Floor } from './room.ts'

export const runnerRooms: readonly Floor[] = [
  [{ name: 'process', what: 'what ends the process of a case: signals, stray errors, a hook that loops' }],
  [
    { name: 'protocol', what: 'what is done to a running sandbox: the given protocol, or the default one' },
    { name: 'tiny-guest', what: 'the guest that runs a case without a configuration' },
    { name: 'report', what: 'what a case came to: its outcome, exit code and `run.json`' },
  ],
  [{ name: 'sample', what: 'a file, folder, archive or command as the sample of a case' }],
]
