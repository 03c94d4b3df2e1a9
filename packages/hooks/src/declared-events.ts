import { declareEvents } from '@see/core'

// Of protocols and of the stock hooks, as EventMap has them.
declareEvents(
  'ip_address',
  'snapshots_capture',
  'start_analysis',
  'wait_analysis',
  'run_command',
  'run_sample',
  'command_finished',
  'disk_checkpoint_taken',
  'files_extracted',
  'memory_snapshot_taken',
  'network_tracing_started',
  'network_tracing_stopped',
)
