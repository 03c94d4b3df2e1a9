import { declareEvents, type EventName } from '@see/core'

/** The events of protocols and of the stock hooks. */
export const stockEvents = [
  'ip_address',
  'snapshots_capture',
  'start_analysis',
  'wait_analysis',
  'run_command',
  'run_sample',
  'command_finished',
  'evidence_written',
  'disk_checkpoint_taken',
  'files_extracted',
  'memory_snapshot_taken',
  'network_tracing_started',
  'network_tracing_stopped',
] as const satisfies readonly EventName[]

declareEvents(...stockEvents)
