const CONFINES = [
  'AnalyserHook',
  'DiskStateAnalyser',
  'NetworkAnalysisHook',
  'VolatilityHook',
  'YaraHook',
] as const
const READS_DISKS = ['DiskStateAnalyser'] as const

interface HookTool {
  readonly debianPackage: string
  /** The hooks that need it, as they are configured when nothing is said. */
  readonly hooks: readonly string[]
}

/** Every program of this host that stock hooks run; `see check` looks for them. */
export const hookTools = {
  awk: { debianPackage: 'mawk', hooks: READS_DISKS },
  blkid: { debianPackage: 'util-linux', hooks: READS_DISKS },
  bwrap: { debianPackage: 'bubblewrap', hooks: CONFINES },
  fiwalk: { debianPackage: 'sleuthkit', hooks: READS_DISKS },
  file: { debianPackage: 'file', hooks: READS_DISKS },
  fls: { debianPackage: 'sleuthkit', hooks: READS_DISKS },
  fsstat: { debianPackage: 'sleuthkit', hooks: READS_DISKS },
  icat: { debianPackage: 'sleuthkit', hooks: READS_DISKS },
  mmls: { debianPackage: 'sleuthkit', hooks: READS_DISKS },
  nsenter: { debianPackage: 'util-linux', hooks: READS_DISKS },
  'qemu-img': { debianPackage: 'qemu-utils', hooks: READS_DISKS },
  'qemu-storage-daemon': { debianPackage: 'qemu-system-common', hooks: READS_DISKS },
  'qemu-system-x86_64': { debianPackage: 'qemu-system-x86', hooks: READS_DISKS },
  tcpdump: { debianPackage: 'tcpdump', hooks: ['NetworkTracerHook'] },
  tshark: { debianPackage: 'tshark', hooks: ['NetworkAnalysisHook'] },
  unshare: { debianPackage: 'util-linux', hooks: READS_DISKS },
  vncviewer: { debianPackage: 'xtigervnc-viewer', hooks: ['VNCHook'] },
  yara: { debianPackage: 'yara', hooks: ['YaraHook'] },
} as const satisfies Record<string, HookTool>

/** Those that no Debian package has. */
export const otherHookTools = {
  vol: { advice: 'install Volatility by https://volatilityfoundation.org', hooks: ['VolatilityHook'] },
} as const

export type HookToolName = keyof typeof hookTools
