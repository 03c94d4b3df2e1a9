import { systemForQemu } from '@see/qemu'

/** What names the guest's files to the script, with colons between them, and its network. */
export const jailVariables = {
  readable: 'SEE_JAIL_READ',
  writable: 'SEE_JAIL_WRITE',
  network: 'SEE_JAIL_NETWORK',
} as const

/** Whose network a QEMU is on. */
export type JailNetwork = 'own' | 'host'

export interface EmulatorTools {
  readonly bwrap: string
  readonly nsenter: string
  readonly setpriv: string
  readonly sleep: string
}

/** For 10 s a jail is kept until QEMU is in it. */
const TURN_SECONDS = 0.1
const TURNS = Array.from({ length: 100 }, (_, index) => index)
/** What the processes of a guest's QEMU need not know. */
const UNNEEDED = ['HOME', 'PATH', 'PWD', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME']
const LARGE_PAGES = '/sys/kernel/mm/transparent_hugepage'

/**
 * A program that libvirt starts in the place of QEMU, which it becomes in a jail. bubblewrap makes the jail beside it, and it
 * goes in there: libvirt holds on to its number, which a child would not have. Without the variables it is QEMU as it is,
 * provided that a jail can be made: so libvirt asks what QEMU can do.
 * @param mark of the program's file: libvirt asks again when it is given another script
 */
export function emulatorScript(program: string, mark: string, tools: EmulatorTools): string {
  const { readable, writable, network } = jailVariables
  const system = [
    ['--unshare-user', '--unshare-ipc', '--unshare-uts', '--hostname', 'qemu', '--cap-drop', 'ALL'],
    systemForQemu(program),
    ['--ro-bind', tools.sleep, tools.sleep, '--ro-bind-try', LARGE_PAGES, LARGE_PAGES],
    // libvirt has put there what the guest may have.
    ['--dev-bind', '/dev', '/dev'],
  ]
  return `#!/bin/sh
# Written by SEE: libvirt starts it in the place of QEMU, which it becomes in a jail.
# ${mark}
set -f
shm=
[ ! -d /dev/shm ] || shm='--tmpfs /dev/shm'

# Becomes bubblewrap, with what goes before it.
jailed() {
  before=$1
  shift
  exec $before ${[tools.bwrap, ...system.flat()].map(quoted).join(' ')} $shm "$@"
}

# It ends soon after this process does, even where nothing enters the jail.
keep='echo $$ >&9
exec 9>&-
for turn in ${TURNS.join(' ')}; do
  kill -0 "$1" 2>/dev/null || exit
  ${tools.sleep} ${TURN_SECONDS}
done'

# Prints the number of a process that keeps the jail.
jail() {
  shared=$IFS IFS=:
  for path in \$${readable}; do [ -z "$path" ] || set -- "$@" --ro-bind-try "$path" "$path"; done
  for path in \$${writable}; do [ -z "$path" ] || set -- "$@" --bind-try "$path" "$path"; done
  IFS=$shared
  jailed '' "$@" --remount-ro / --chdir / -- \\
    /bin/sh -c "$keep" sh $$ 9>&1 >/dev/null </dev/null &
}

if [ -z "\${${network}-}" ]; then
  # libvirt lets it open any file then, of which bubblewrap wants to know nothing.
  (jailed ${quoted(`${tools.setpriv} --inh-caps=-all --ambient-caps=-all`)} -- /bin/sh -c : </dev/null) || exit 1
  exec ${quoted(program)} "$@"
fi
# What libvirt alone knows of: the folder with the guest's key, and the socket of its TPM.
for word; do
  case $word in
    *'"file":"'*/master-key.aes'"'*) found=\${word#*'"file":"'} found=\${found%%/master-key.aes*} ;;
    socket,id=chrtpm,path=*) found=\${word#*,path=} ;;
    *) continue ;;
  esac
  ${writable}=\$${writable}:$found
done
net=
[ "\$${network}" = host ] || net=net
keeper=$(jail \${net:+--unshare-net})
if [ -z "$keeper" ]; then
  echo 'QEMU has no jail' >&2
  exit 1
fi
unset ${[...Object.values(jailVariables), ...UNNEEDED].join(' ')}
exec ${quoted(tools.nsenter)} --target "$keeper" --user --mount --ipc --uts \${net:+--net} --preserve-credentials -- \\
  /bin/sh -c 'kill "$1" 2>/dev/null; shift; exec "$@"' sh "$keeper" ${quoted(program)} "$@"
`
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
