import type { SeeErrorCode } from '@see/core'

export interface Expected {
  /** Beside the results folder, what the hook needs; `FOLDER` is the folder of these tests. */
  readonly configuration?: object
  /** Keys, and values that their schema refuses: before anything is made. */
  readonly refused: readonly (readonly [key: string, value: unknown])[]
  /** What only the set-up can see, and how it is reported. */
  readonly unusable?: readonly (readonly [configuration: object, code: SeeErrorCode, message: RegExp])[]
  /** Programs of this host that it runs, and their Debian packages. */
  readonly tools?: readonly (readonly [program: string, debianPackage: string])[]
  /** What is said where the provider cannot do what the hook needs. */
  readonly lacking?: RegExp
}

const NO_EVENT = ['two words'] as const
const processing = [
  ['evidence_on_event', NO_EVENT],
  ['start_processing_on_event', 1],
  ['wait_processing_on_event', NO_EVENT],
  ['timeout', 0],
  ['memory_limit', -1],
  ['output_limit', 1.5],
] as const
export const BWRAP = ['bwrap', 'bubblewrap'] as const

/** How each stock hook fails early. Every one has its entry here. */
export const expected: Readonly<Record<string, Expected>> = {
  AnalyserHook: {
    configuration: { command: 'cat {path}' },
    refused: [
      ['command', ''],
      ['command', []],
      ['command', 'unclosed "quote'],
      ['readable', ''],
      ...processing,
    ],
    unusable: [
      [{ command: 'no-such-program {path}' }, 'TOOL_MISSING', /no-such-program/],
      [{ command: ['FOLDER/program', '{path}'] }, 'TOOL_MISSING', /FOLDER\/program.*"readable"/],
      [{ command: 'cat {path}', readable: 'FOLDER/missing' }, 'FILE_UNREADABLE', /FOLDER\/missing/],
    ],
    tools: [BWRAP],
  },
  CommandsHook: {
    refused: [
      ['timeout', 0],
      ['output_limit', -1],
      ['agent_timeout', 'long'],
      ['agent-port', 0],
      ['agent-host', 'not a host'],
      ['agent-system', 'beos'],
    ],
    lacking: /no agent/,
  },
  ConsoleHook: { refused: [['console_limit', 0]], lacking: /no console to log/ },
  DiskCheckPointHook: {
    refused: [
      ['checkpoint_on_event', NO_EVENT],
      ['delete_checkpoints', 'yes'],
      ['timeout', 0],
    ],
    lacking: /disks of this provider/,
  },
  DiskStateAnalyser: {
    configuration: { strict: true, identify_files: true, compare_registries: true },
    refused: [
      ['identify_files', 1],
      ['size_limit', 0],
      ['extract_limit', -1],
      ['strict', 'very'],
      ...processing,
    ],
    tools: [
      ['mmls', 'sleuthkit'],
      ['fsstat', 'sleuthkit'],
      ['fls', 'sleuthkit'],
      ['icat', 'sleuthkit'],
      ['fiwalk', 'sleuthkit'],
      ['file', 'file'],
      ['blkid', 'util-linux'],
      ['qemu-img', 'qemu-utils'],
      ['qemu-storage-daemon', 'qemu-system-common'],
      ['nsenter', 'util-linux'],
      BWRAP,
    ],
    lacking: /disks of this provider/,
  },
  IsolationHook: { refused: [['results_folder', '']] },
  MemoryHook: {
    refused: [
      ['memory_snapshots_on_event', NO_EVENT],
      ['compress_snapshots', 'yes'],
      ['delete_snapshots', 1],
      ['timeout', 0],
    ],
    lacking: /memory/,
  },
  NetworkAnalysisHook: {
    refused: [
      ['start_processing_on_event', NO_EVENT],
      ['wait_processing_on_event', 1],
      ['log_format', 'xml'],
      ['packet_limit', 0],
      ['timeout', 0],
    ],
    tools: [['tshark', 'tshark'], BWRAP],
  },
  NetworkTracerHook: {
    refused: [
      ['start_trace_on_event', NO_EVENT],
      ['stop_trace_on_event', 1],
      ['trace_limit', 0],
      ['snap_length', 1],
      ['delete_trace_file', 'yes'],
    ],
    tools: [['tcpdump', 'tcpdump']],
    lacking: /no network to trace/,
  },
  ReadinessHook: { refused: [['results_folder', '']] },
  ScreenHook: { refused: [['screenshot_on_event', NO_EVENT]], lacking: /no screen/ },
  TimelineHook: { refused: [['results_folder', '']] },
  TimersHook: {
    refused: [
      ['timers', { 'two words': 1 }],
      ['timers', { soon: -1 }],
    ],
  },
  VNCHook: {
    configuration: { viewer: ['true', '{host}'] },
    refused: [
      ['start_vnc', NO_EVENT],
      ['viewer', []],
    ],
    unusable: [
      [{ viewer: ['FOLDER/missing', '{host}'] }, 'TOOL_MISSING', /FOLDER\/missing/],
      [{ viewer: ['FOLDER/rules.yar', '{host}'] }, 'TOOL_MISSING', /FOLDER\/rules\.yar/],
    ],
    lacking: /no VNC server/,
  },
  VolatilityHook: {
    configuration: { command: 'cat', plugins: ['linux.pslist'] },
    refused: [['plugins', []], ['plugins', ['a b']], ['profile', ''], ['readable', 1], ...processing],
    unusable: [
      [{ plugins: ['a'], command: 'no-such-program' }, 'TOOL_MISSING', /volatilityfoundation\.org/],
      [{ plugins: ['a'], command: 'FOLDER/program' }, 'TOOL_MISSING', /FOLDER\/program.*"readable"/],
      [{ plugins: ['a'], command: 'cat /nowhere/vol.py' }, 'TOOL_MISSING', /\/nowhere\/vol\.py.*"readable"/],
    ],
    tools: [BWRAP],
  },
  YaraHook: {
    configuration: { rules: 'FOLDER/rules.yar' },
    refused: [['rules', []], ['rules', ''], ['scan_folder', ''], ...processing],
    unusable: [
      [{ rules: 'FOLDER/broken.yar' }, 'CONFIGURATION_INVALID', /cannot be compiled/],
      [{ rules: 'FOLDER/missing/rules.yar' }, 'FILE_UNREADABLE', /FOLDER\/missing/],
    ],
    tools: [['yara', 'yara'], BWRAP],
  },
}
