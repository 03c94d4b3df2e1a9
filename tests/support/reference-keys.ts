const processing = ['start_processing_on_event', 'wait_processing_on_event']

/** The keys that the Python reference's hooks are configured with. */
export const HOOK_KEYS: Record<string, readonly string[]> = {
  CommandsHook: ['agent-host', 'agent-port'],
  DiskCheckPointHook: ['checkpoint_on_event', 'delete_checkpoints'],
  DiskStateAnalyser: [
    'identify_files',
    'get_file_size',
    'extract_files',
    'use_concurrency',
    'compare_registries',
    ...processing,
  ],
  MemoryHook: ['memory_snapshots_on_event', 'compress_snapshots', 'delete_snapshots'],
  NetworkAnalysisHook: ['log_format', ...processing],
  NetworkTracerHook: ['start_trace_on_event', 'stop_trace_on_event', 'trace_limit', 'delete_trace_file'],
  ScreenHook: ['screenshot_on_event'],
  TimersHook: ['timers'],
  VNCHook: ['start_vnc'],
  VolatilityHook: ['profile', 'plugins', ...processing],
}

/** Those of its image providers. */
export const PROVIDER_KEYS: Record<string, readonly string[]> = {
  DummyProvider: ['path'],
  LibvirtPoolProvider: ['hypervisor', 'storage_pool_path'],
  GlanceProvider: ['path', 'target_path', 'glance_url', 'os_auth', 'session', 'libvirt_pool'],
  S3Provider: ['bucket_name', 'path', 'auth', 'libvirt_pool'],
}

/** Those of its resources files. */
export const RESOURCE_KEYS = [
  'hypervisor',
  'name',
  'domain.configuration',
  'domain.filesystem',
  'disk.image',
  'disk.image.uri',
  'disk.image.name',
  'disk.image.provider',
  'disk.image.provider_configuration',
  'disk.clone',
  'disk.clone.storage_pool_path',
  'disk.clone.copy_on_write',
  'network.configuration',
  'network.dynamic_address',
  'network.dynamic_address.ipv4',
  'network.dynamic_address.prefix',
  'network.dynamic_address.subnet_prefix',
]

/** What its hooks and protocols fire. */
export const EVENTS = [
  'pre_poweron',
  'post_poweron',
  'ip_address',
  'run_command',
  'run_sample',
  'snapshots_capture',
  'start_analysis',
  'wait_analysis',
  'memory_snapshot_taken',
  'disk_checkpoint_taken',
  'network_tracing_started',
]
