/** Where SEE, libvirt and the programs that they start keep files. */
const FOLDERS = [
  '/run',
  '/tmp',
  '/var/tmp',
  '/var/lib/see',
  '/var/lib/libvirt',
  '/etc/libvirt',
  '/dev/shm',
  '/sys/fs/cgroup',
]

/** What differs from one look to the next though nothing was made or removed. */
const RESTLESS = [
  /^f \d+ \/run\/(libvirt\/\w+\/driver|\w+)\.pid$/,
  // A template that was built again has other times and sizes in it.
  /^f \d+ \/var\/lib\/see\/templates\/\w+\/manifest\.json$/,
]

const COMMANDS = [
  // The size of a folder is the number of its files.
  `find ${FOLDERS.join(' ')} \\( -path /sys/fs/cgroup -prune -o -true \\) \\( -type d -printf 'd %p\\n' -o -printf '%y %s %p %l\\n' \\)`,
  "find /sys/fs/cgroup -mindepth 2 -type d -printf 'cgroup %p\\n'",
  ...['qemu:///system', 'lxc:///'].map(
    (uri) => `virsh --connect ${uri} 'list --all --name; list --all --uuid' | sed 's|^|${uri} domain |'`,
  ),
  "virsh --connect qemu:///system 'net-list --all' | sed 's|^|network |'",
  "virsh --connect qemu:///system 'pool-list --all' | sed 's|^|pool |'",
  "virsh --connect qemu:///system 'nwfilter-list' | sed 's|^|filter |'",
  "ip -o link show | sed 's/^[0-9]*: /link /; s/@.*//; s/: <.*//'",
  "ip -o addr show | sed 's/^[0-9]*: /address /; s/ valid_lft.*//'",
  'nft --stateless list ruleset 2>/dev/null || nft list ruleset',
  'cat /proc/self/mounts',
  'ss -Hxal | awk \'{ print "socket", $1, $2, $5 }\'',
]

/** Everything of a host, in lines, but for its processes. */
export function takeSnapshot(sh: (command: string) => string): string[] {
  return COMMANDS.flatMap((command) => sh(command).split('\n'))
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !RESTLESS.some((pattern) => pattern.test(line)))
}

/** What is in one of two snapshots only: `+` what came, `-` what went. */
export function differences(before: ReadonlySet<string>, after: ReadonlySet<string>): string[] {
  return [
    ...[...after].filter((line) => !before.has(line)).map((line) => `+ ${line}`),
    ...[...before].filter((line) => !after.has(line)).map((line) => `- ${line}`),
  ]
}
