import type { Floor } from './room.ts'

const diskChanges: readonly Floor[] = [
  [{ name: 'kernel', what: 'disks read by the kernel of a helper guest' }],
  [
    { name: 'sleuth-kit', what: 'disks listed and read by The Sleuth Kit, and compared' },
    { name: 'registry', what: 'hives of Windows’ registry' },
  ],
  [
    { name: 'files', what: 'a listed file, its attributes, and lists compared' },
    { name: 'layout', what: 'partition tables, and which areas differ' },
  ],
  [{ name: 'tools', what: 'programs over a disk, within one budget of time and bytes' }],
]

export const hooksRooms: readonly Floor[] = [
  [
    { name: 'commands', what: 'CommandsHook: samples and commands in the guest' },
    { name: 'screen', what: 'ScreenHook, VNCHook' },
    { name: 'console', what: 'ConsoleHook' },
    { name: 'isolation', what: 'IsolationHook' },
    { name: 'readiness', what: 'ReadinessHook' },
    { name: 'memory', what: 'MemoryHook' },
    { name: 'disk', what: 'DiskCheckPointHook' },
    {
      name: 'disk-changes',
      what: 'DiskStateAnalyser: what a guest changed on its disks',
      beside: ['disk', 'analysis'],
      floors: diskChanges,
    },
    { name: 'network', what: 'NetworkTracerHook, NetworkAnalysisHook' },
    { name: 'timeline', what: 'TimelineHook' },
    { name: 'analysis', what: 'AnalyserHook, VolatilityHook, YaraHook, and their base', beside: ['disk'] },
    { name: 'protocol', what: 'TimersHook, and the events of protocols' },
  ],
  [{ name: 'confinement', what: 'programs over evidence, in bubblewrap and within bounds' }],
  [
    { name: 'guest', what: 'what a guest’s state means for a hook' },
    { name: 'processes', what: 'child processes, pipes, bounded output, the tools of this host' },
    { name: 'results', what: 'the results folder and the files in it' },
  ],
]
