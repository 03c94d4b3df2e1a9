import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as stock from '@see/hooks'
import { HTTP_AGENT_PORT } from './http-agent.ts'

const support = fileURLToPath(new URL('.', import.meta.url))

/** The hooks of a file of the Python reference: every one, with each of its keys in the reference's types. */
const HOOKS = [
  { name: 'plugins.timers.TimersHook', configuration: { timers: { screenshot_time: 2 } } },
  {
    name: 'plugins.screen.ScreenHook',
    configuration: { screenshot_on_event: ['snapshots_capture', 'screenshot_time'] },
  },
  { name: 'vnc.VNCHook', configuration: { start_vnc: 'post_poweron' } },
  { name: 'plugins.commands.CommandsHook', configuration: { 'agent-port': HTTP_AGENT_PORT } },
  {
    name: 'plugins.disk.DiskCheckPointHook',
    configuration: { checkpoint_on_event: ['ip_address', 'snapshots_capture'], delete_checkpoints: false },
  },
  {
    name: 'plugins.disk.DiskStateAnalyser',
    configuration: {
      identify_files: true,
      get_file_size: true,
      extract_files: false,
      use_concurrency: true,
      compare_registries: false,
      start_processing_on_event: 'start_analysis',
      wait_processing_on_event: 'wait_analysis',
    },
  },
  {
    name: 'plugins.memory.MemoryHook',
    configuration: {
      memory_snapshots_on_event: 'snapshots_capture',
      compress_snapshots: false,
      delete_snapshots: false,
    },
  },
  {
    name: 'plugins.memory.VolatilityHook',
    configuration: {
      start_processing_on_event: 'start_analysis',
      wait_processing_on_event: 'wait_analysis',
      profile: 'Win7SP1x86',
      plugins: ['mutantscan', 'psscan'],
    },
  },
  {
    name: 'plugins.network.NetworkTracerHook',
    configuration: {
      start_trace_on_event: 'ip_address',
      stop_trace_on_event: 'post_shutdown',
      trace_limit: 1024,
      delete_trace_file: false,
    },
  },
  {
    name: 'plugins.network.NetworkAnalysisHook',
    configuration: {
      start_processing_on_event: 'start_analysis',
      wait_processing_on_event: 'wait_analysis',
      log_format: 'text',
    },
  },
]

/** What a machine without Volatility and a display has in their place, and on what system the guest's agent runs. */
function standIns(folder: string) {
  return {
    command: ['/bin/sh', '-c', 'echo "stand-in $*"', 'vol'],
    viewer: [
      '/bin/sh',
      '-c',
      `echo "$1" >${join(folder, 'viewer')}; exec sleep 600`,
      'viewer',
      '{host}:{port}',
    ],
    'agent-system': 'posix',
  }
}

/** Each file of hooks is written in one of two ways, by the reference's code or by its manual. */
export type Spelling = 'plain' | 'wrapped'

/** The hooks of the reference that are made here already, and before them one that makes the guest a prepared one. */
export function writeHooks(folder: string, spelling: Spelling): string {
  const hooks = {
    configuration: { results_folder: join(folder, 'results'), ...standIns(folder) },
    hooks: [
      { name: './prepared-guest.ts#PreparedGuest' },
      ...HOOKS.filter(({ name }) => (name.split('.').at(-1) ?? '') in stock),
    ],
  }
  writeFileSync(
    join(folder, 'prepared-guest.ts'),
    `import { Hook } from '@see/core'
import { startHttpAgent } from '${support}http-agent.ts'
export class PreparedGuest extends Hook {
  setup() {
    this.context.subscribe('post_poweron', () => startHttpAgent(this.context, 90_000))
  }
}`,
  )
  const file = join(folder, `${spelling}.json`)
  writeFileSync(file, JSON.stringify(spelling === 'plain' ? hooks : { hooks }))
  return file
}
