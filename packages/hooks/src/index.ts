import './declared-events.ts'

export type { CommandEvent } from './command-events.ts'
export type { CommandRecord } from './command-record.ts'
export { CommandsHook } from './commands-hook.ts'
export type { NetworkSummary } from './network-summary.ts'
export type { NetworkEvent } from './network-events.ts'
export { ConsoleHook } from './console-hook.ts'
export { NetworkAnalysisHook } from './network-analysis-hook.ts'
export { NetworkTracerHook } from './network-tracer-hook.ts'
export {
  assertConfinement,
  type ConfinedOptions,
  type ConfinedResult,
  type ExceededBound,
  runConfined,
} from './confined-command.ts'
export { AnalyserHook } from './analyser-hook.ts'
export type { AnalysisRecord } from './analysis.ts'
export { DiskCheckPointHook } from './disk-checkpoint-hook.ts'
export { DiskStateAnalyser } from './disk-state-analyser.ts'
export type { DiskEvent } from './disk-events.ts'
export type { FilesystemReport } from './filesystem-report.ts'
export type { MemoryEvent } from './memory-events.ts'
export { MemoryHook } from './memory-hook.ts'
export type { ProtocolEvent } from './protocol-events.ts'
export { requireTool } from './required-tool.ts'
export { evidenceModes, writeEvidence } from './evidence-file.ts'
export { prepareResultsFolder } from './results-folder.ts'
export { ScreenHook } from './screen-hook.ts'
export { TimelineHook } from './timeline-hook.ts'
export { TimersHook } from './timers-hook.ts'
export { VNCHook } from './vnc-hook.ts'
export { VolatilityHook } from './volatility-hook.ts'
export { YaraHook } from './yara-hook.ts'
export type { YaraMatch } from './yara-output.ts'
