/** What the init of a machine exits with. */
export const initEnds = { powerOff: 0, reboot: 3, crash: 4 } as const

/**
 * The init of a machine, for a shell that is the first process in namespaces of its own. Its words are the MAC address, the
 * IPv4 address, and the program of the agent, which gets a socket as input and output; its console is its output.
 */
export const init = `
trap '[ -e /run/stubborn ] || exit ${initEnds.powerOff}' TERM
trap 'exit ${initEnds.powerOff}' USR1
trap 'exit ${initEnds.reboot}' HUP
trap 'exit ${initEnds.crash}' USR2
set -e
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /run
mount -t sysfs sysfs /sys
ip link add eth0 address "$1" type veth peer name far
ip address add "$2/24" dev eth0
ip link set far up
ip link set eth0 up
cat /proc/sys/kernel/random/uuid >/run/boot
mkfifo /run/console
(while :; do cat /run/console; done) &
shift 2
"$@" <&3 >&3 3<&- &
echo 'the machine has booted'
set +e
sleep infinity &
while :; do wait $!; done
`

/** What the contract asks of a machine, as scripts for its shell. */
export const machineScripts = {
  bootMark: 'cat /run/boot',
  console: '/run/console',
  stubborn: 'touch /run/stubborn; (sleep 9; kill -USR1 1) >/dev/null 2>&1 &',
  crash: '(sleep 0.5; kill -USR2 1) >/dev/null 2>&1 &',
  powerOff: 'kill -USR1 1',
  reboot: 'kill -HUP 1',
} as const
