import { CaseInMemory, IDENTIFIER, STARTED } from './case-in-memory.ts'
import { png } from './png.ts'
import { pcap } from './pcap.ts'

type Say = (field: string) => string

const iso = (t: number) => new Date(STARTED + t).toISOString()

/**
 * A case with evidence of every kind that the page reads.
 * @param say what a field holds that a guest, or what it made, can reach
 */
export function fullCase(say: Say = (field) => field): CaseInMemory {
  return new CaseInMemory()
    .add('timeline', 'timeline.jsonl', timeline(say))
    .add('run_report', 'run.json', runReport(say))
    .add('isolation', 'isolation.json', isolation(say))
    .add('command_record', 'command_1.json', commandRecord(say), { from: STARTED + 3000 })
    .add('command_stdout', 'command_1.stdout', say('stdout'), { of: 'command_1.json' })
    .add('command_stderr', 'command_1.stderr', say('stderr'), { of: 'command_1.json' })
    .add('screenshot', 'screen_1.png', png(8, 6), {
      from: STARTED + 5000,
      event: { name: say('screen event'), sequence: 4 },
    })
    .add('screenshot', 'screen_2.png', say('not a PNG'), { from: STARTED + 5500 })
    .add('console', 'console.log', say('console'), { from: STARTED + 500, to: STARTED + 9000 })
    .add('network_trace', 'trace.pcap', pcap([4000, 4100, 6000].map((t) => STARTED + t)))
    .add('network_summary', 'network.json', networkSummary(say))
    .add('sinkhole_requests', 'sinkhole.jsonl', sinkhole(say))
    .add('disk_changes', 'disk.json', diskChanges(say))
    .add('extracted_file', 'extracted/1_evil.html', say('extracted'), { of: 'disk.json' })
    .add('yara_matches', 'yara.json', yara(say))
    .add('memory_dump', 'memory.elf', 'memory', { from: STARTED + 7000, sha256: null })
}

function timeline(say: Say): object[] {
  const event = (sequence: number, t: number, name: string, attributes = {}) => ({
    type: 'event',
    sequence,
    name,
    origin: say(`origin ${sequence}`),
    timestamp: STARTED + t,
    t,
    attributes,
  })
  const handler = (type: string, sequence: number, t: number, rest = {}) => ({
    type,
    sequence,
    run: 1,
    handler: `@see/hooks#${say(`handler ${sequence}`)}`,
    asynchronous: false,
    timestamp: STARTED + t,
    t,
    ...rest,
  })
  return [
    { type: 'see-timeline', version: 2, identifier: IDENTIFIER, timestamp: STARTED, monotonic: 1 },
    event(1, 100, 'pre_poweron'),
    handler('handler_start', 1, 110),
    { ...event(2, 120, 'network_tracing_started'), parent: 1 },
    handler('handler_end', 1, 150, { durationMs: 40 }),
    event(3, 3000, say('event'), { path: say('attribute') }),
    handler('handler_start', 3, 3001),
    handler('handler_end', 3, 3500, { durationMs: 499, error: say('error') }),
    event(4, 5000, 'snapshots_capture'),
    event(5, 9000, 'wait_analysis'),
  ]
}

function runReport(say: Say) {
  const path = `/samples/${say('sample').replaceAll('/', '_')}`
  return {
    identifier: IDENTIFIER,
    ok: false,
    exit_code: 3,
    results_folder: '/results',
    files: [],
    files_omitted: 0,
    sample: {
      path,
      sha256: 'a'.repeat(64),
      is: say('recognised'),
      entry: null,
      entry_is: null,
      arguments: [say('argument')],
      left_out: 0,
    },
    events: 5,
    commands: [],
    failures: [{ event: say('failed event'), handler: say('failed handler'), message: say('failure') }],
    isolation: {
      from: [say('isolated from')],
      reached: [],
      unproved: [say('unproved')],
      duration_ms: 5,
    },
    guest: {
      ended: [{ reason: 'crashed', detail: say('guest end'), exit_code: null, signal: null }],
      reboots: 1,
    },
    limits: [{ limit: 'disk_mib', bound: 1, measured: 2, action: 'killed', detail: say('limit') }],
    warnings: [{ code: 'partition', what: say('warned of'), why: say('warning'), limits: null }],
    error: { code: 'HOOK_SETUP', message: say('run error') },
  }
}

function isolation(say: Say) {
  const attempt = {
    target: 'lan',
    tried: say('tried'),
    expected: 'forbidden',
    seen: 'blocked',
    by: 'guest',
    control: true,
    verdict: 'as_expected',
  }
  return { mode: 'nat-no-lan', attempts: [attempt], duration_ms: 5, unprobed: null }
}

function commandRecord(say: Say) {
  return {
    event: 'run_sample',
    status: 'finished',
    command: say('command'),
    sample: '/samples/a',
    sha256: 'a'.repeat(64),
    guest_path: say('guest path'),
    exit_code: 7,
    signal: null,
    started: iso(3000),
    duration_ms: 2500,
    truncated: true,
    lost: say('lost'),
    output_open: false,
    late_bytes: { stdout: 0, stderr: 0 },
    error: null,
  }
}

function networkSummary(say: Say) {
  const server = { address: '198.51.100.2', port: 80 }
  return {
    trace: '/results/trace.pcap',
    packets: 3,
    bytes: 180,
    truncated: false,
    conversations: [
      {
        protocol: say('protocol'),
        source: { address: '10.0.0.2', port: 1024 },
        destination: server,
        packets: 3,
        bytes: 180,
        first: (STARTED + 4000) / 1000,
        last: (STARTED + 6000) / 1000,
      },
    ],
    dns: [{ name: say('dns name'), type: 'A', queries: 1, response_codes: [0], answers: ['198.51.100.2'] }],
    http: [
      {
        method: say('method'),
        host: say('host'),
        uri: say('/uri'),
        user_agent: say('agent'),
        server,
        requests: 2,
      },
    ],
    tls: [{ server_name: say('tls name'), server: { address: '198.51.100.3', port: 443 }, connections: 1 }],
    not_analysed: [],
    warnings: [],
  }
}

function sinkhole(say: Say): object[] {
  const to = { address: '203.0.113.9', port: 80 }
  return [
    { kind: 'dns', time: iso(4000), server: '10.0.0.1', name: say('sunk name'), type: 1, address: null },
    {
      kind: 'http',
      time: iso(4200),
      ...to,
      over_tls: true,
      method: 'GET',
      uri: say('/sunk uri'),
      headers: [`Host: ${say('sunk header')}`],
      body_bytes: 4,
      body_text: say('body'),
    },
    {
      kind: 'data',
      time: iso(4300),
      ...to,
      protocol: 'tcp',
      bytes: 4,
      first_hex: '00',
      first_text: say('data'),
    },
    { kind: 'refused', time: iso(4400), ...to, what: say('refused') },
  ]
}

function diskChanges(say: Say) {
  const facts = { type: say('type'), size: 9, permissions: 'rw-r--r--', uid: 0, gid: 0 }
  return {
    before: '/a',
    after: null,
    partitions: [],
    changed_gaps: [],
    created_files: [
      {
        ...facts,
        path: say('/created'),
        sha1: 'b'.repeat(40),
        mtime: iso(4500),
        target: say('target'),
        extracted: 'extracted/1_evil.html',
      },
    ],
    modified_files: [
      {
        ...facts,
        path: say('/modified'),
        sha1: 'c'.repeat(40),
        // The clock of the guest is not that of the host.
        mtime: '1999-01-01T00:00:00.000Z',
        changes: ['content'],
        original_type: 'file',
        original_permissions: 'rw-r--r--',
        original_mtime: null,
      },
    ],
    deleted_files: [{ path: say('/deleted'), type: 'file', size: 3 }],
    registry: {
      created_keys: [],
      modified_keys: [],
      deleted_keys: [],
      created_values: [],
      modified_values: [
        {
          hive: '/hive',
          key: say('key'),
          value: say('value'),
          type: 'REG_SZ',
          data: say('registry data'),
          size: 4,
          original_type: 'REG_SZ',
          original_data: say('registry before'),
          original_size: 4,
        },
      ],
      deleted_values: [],
    },
    warnings: [],
    errors: [],
  }
}

function yara(say: Say) {
  const strings = [{ offset: 5, name: '$a', data: say('matched') }]
  const match = {
    rule: say('rule'),
    rules_file: null,
    file: '/results/memory.elf',
    strings,
    string_count: 1,
    cut: false,
  }
  return { scanned: ['/results/memory.elf'], skipped: [], matches: [match], warnings: [] }
}
