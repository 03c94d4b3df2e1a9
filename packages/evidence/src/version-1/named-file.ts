import type { StockKind } from '../manifest/kinds.ts'

/** What the name of a file of version 1 says. */
export interface NamedFile {
  readonly kind: StockKind
  /** The class of the hook that wrote it. */
  readonly writer: string
  /** The path of the file that it belongs to. */
  readonly of?: string
  /** The event at which it was taken, as its name is in names of files, and which of the events of that name it was. */
  readonly event?: { readonly name: string; readonly number: number }
}

interface Pattern {
  /** What follows the identifier. */
  readonly name: RegExp
  readonly kind: StockKind
  readonly writer: string
  /** What follows the identifier in the name of the file that it belongs to, by the groups of the pattern. */
  readonly of?: (groups: Readonly<Record<string, string>>) => string
}

const record = ({ base = '' }): string => `${base}.json`
const ANALYSIS = String.raw`(?<base>_analysis_\d+)`
const VOLATILITY = String.raw`(?<base>_volatility_[\w.-]+_\d+)`

/** Those of one program over evidence. */
function analyses(base: string, writer: string): Pattern[] {
  return [
    { name: new RegExp(`^${base}\\.json$`), kind: 'analysis_record', writer },
    { name: new RegExp(`^${base}\\.stdout$`), kind: 'analysis_stdout', writer, of: record },
    { name: new RegExp(`^${base}\\.stderr$`), kind: 'analysis_stderr', writer, of: record },
    { name: new RegExp(`^${base}/.+$`), kind: 'analysis_output', writer, of: record },
  ]
}

/** How stock hooks named their files in version 1. The first that fits counts. */
const patterns: readonly Pattern[] = [
  { name: /^_timeline\.jsonl$/, kind: 'timeline', writer: 'TimelineHook' },
  { name: /^_command_\d+\.json$/, kind: 'command_record', writer: 'CommandsHook' },
  { name: /^(?<base>_command_\d+)\.stdout$/, kind: 'command_stdout', writer: 'CommandsHook', of: record },
  { name: /^(?<base>_command_\d+)\.stderr$/, kind: 'command_stderr', writer: 'CommandsHook', of: record },
  { name: /^_console(?:_\d+)?\.log$/, kind: 'console', writer: 'ConsoleHook' },
  { name: /^_filesystem(?:_\d+)?(?:\.[\w-]+)?\.json$/, kind: 'disk_changes', writer: 'DiskStateAnalyser' },
  {
    name: /^_extracted_files(?<which>(?:_\d+)?(?:\.[\w-]+)?)\/.+$/,
    kind: 'extracted_file',
    writer: 'DiskStateAnalyser',
    of: ({ which = '' }) => `_filesystem${which}.json`,
  },
  { name: /^_network(?:_\d+)?\.json$/, kind: 'network_summary', writer: 'NetworkAnalysisHook' },
  { name: /^_network(?:_\d+)?\.log$/, kind: 'network_log', writer: 'NetworkAnalysisHook' },
  { name: /^(?:_\d+)?\.pcap$/, kind: 'network_trace', writer: 'NetworkTracerHook' },
  { name: /^(?:_\d+)?_sinkhole\.jsonl$/, kind: 'sinkhole_requests', writer: 'NetworkTracerHook' },
  { name: /^_yara\.json$/, kind: 'yara_matches', writer: 'YaraHook' },
  ...analyses(ANALYSIS, 'AnalyserHook'),
  ...analyses(VOLATILITY, 'VolatilityHook'),
  { name: /^_(?<event>.+)\.(?:elf|kdump)$/, kind: 'memory_dump', writer: 'MemoryHook' },
  { name: /^_(?<event>.+?)(?:\.[\w-]+)?\.qcow2$/, kind: 'disk_checkpoint', writer: 'DiskCheckPointHook' },
  { name: /^_(?<event>.+)\.(?:png|ppm|pgm|jpg|bmp|gif|bin)$/, kind: 'screenshot', writer: 'ScreenHook' },
]

/** What the path of a file of version 1 says; undefined for one that no stock hook wrote. */
export function namedFile(path: string, identifier: string): NamedFile | undefined {
  if (path === 'run.json') return { kind: 'run_report', writer: 'runCase' }
  if (!path.startsWith(identifier)) return undefined
  const name = path.slice(identifier.length)
  for (const { name: pattern, kind, writer, of } of patterns) {
    const match = pattern.exec(name)
    if (match === null) continue
    const groups = match.groups ?? {}
    const event = groups['event']
    return {
      kind,
      writer,
      ...(of === undefined ? {} : { of: `${identifier}${of(groups)}` }),
      ...(event === undefined ? {} : { event: numbered(event) }),
    }
  }
  return undefined
}

/** The second file of an event had `_2` behind the name of the event. */
function numbered(event: string): { readonly name: string; readonly number: number } {
  const { name = event, number = '1' } = /^(?<name>.+)_(?<number>[1-9]\d*)$/.exec(event)?.groups ?? {}
  return { name, number: Number(number) }
}
