import type { Attempt } from './attempt.ts'
import { forgedFrame } from './forged-frame.ts'

/** In which an attempt must succeed, in seconds. */
const ATTEMPT_SECONDS = 1

interface ScriptOptions {
  /** What our listener is sent, in hexadecimal, with the number of the attempt behind it. */
  readonly token: string
  /** The guest's address, where it is known. */
  readonly guestAddress?: string | undefined
  /** How long an attempt may take. */
  readonly seconds?: number
}

/**
 * A script for any POSIX shell that makes all attempts side by side, by what it finds in the guest: busybox or another netcat,
 * bash, Python or Perl. It prints a line for each: its number and what came of it. What is not ours is sent nothing.
 */
export function probeScript(
  attempts: readonly Attempt[],
  { token, guestAddress, seconds = ATTEMPT_SECONDS }: ScriptOptions,
): string {
  const calls = attempts.map(({ kind, address, port, isOurs }, index) => {
    const text = `${token}.${index}`
    switch (kind) {
      case 'name':
        return `name ${index} ${address} &`
      case 'frame':
        return `frame ${index} ${forgedFrame({ address, port, guestAddress, text: `${text}\n` })} &`
      case 'tcp':
        return `tcp ${index} "${address.replace('%', '%$card')}" ${port}${isOurs ? ` ${text}` : ''} &`
      default:
        return ''
    }
  })
  return `${FUNCTIONS.replaceAll('SECONDS', String(seconds))}\n${calls.join('\n')}\nwait\n`
}

const FUNCTIONS = String.raw`LC_ALL=C
export LC_ALL
exec 3>&1 2>/dev/null
has() { command -v "$1" >/dev/null; }
for card in $(cd /sys/class/net && echo *); do [ "$card" = lo ] || break; done
case $(busybox nc --help 2>&1) in
  *"-e PROG"*) means=busybox ;;
  *) if has timeout && has bash; then means=bash
    elif has python3; then means=python3
    elif has perl; then means=perl
    elif has nc; then means=nc
    else means=
    fi ;;
esac
# Prints "open" as soon as it is connected: what listens there may neither answer nor hang up.
connect() {
  case $means in
    busybox) busybox nc -w SECONDS "$2" "$3" -e /bin/sh -c "echo $1 reached >&3; [ -z '$4' ] || echo '$4'" 2>&1 ;;
    bash) timeout SECONDS bash -c 'exec 4<>"/dev/tcp/$1/$2" && echo open && { [ -z "$3" ] || echo "$3" >&4; }' - "$2" "$3" "$4" 2>&1 ;;
    python3) python3 -c 'import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), SECONDS)
print("open", flush=True)
if sys.argv[3]: s.sendall(sys.argv[3].encode() + b"\n")' "$2" "$3" "$4" 2>&1 ;;
    perl) perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => $ARGV[1], Timeout => SECONDS) or die $!; print "open\n"; print $s "$ARGV[2]\n" if length $ARGV[2]' "$2" "$3" "$4" 2>&1 ;;
    nc) { [ -z "$4" ] || echo "$4"; } | nc -w SECONDS "$2" "$3" 2>&1 && echo open ;;
    *) echo unable ;;
  esac
}
tcp() {
  case $(connect "$@") in
    *unable*) echo "$1 unable" ;;
    *open*) echo "$1 reached" ;;
    *efused*) echo "$1 refused" ;;
    *) echo "$1 blocked" ;;
  esac
}
# "blocked" here says that it was sent: whether it arrived is seen by the listener.
frame() {
  if has python3; then python3 -c 'import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
s.bind((sys.argv[1], 0))
s.send(bytes.fromhex(sys.argv[2]))' "$card" "$2"
  elif has perl; then perl -e 'open(my $f, "<", "/sys/class/net/$ARGV[0]/ifindex") or die; socket(my $s, 17, 3, 0) or die;
send($s, pack("H*", $ARGV[1]), 0, pack("S n i S C C H16", 17, 0x0800, <$f>, 0, 0, 6, "ffffffffffff0000")) or die' "$card" "$2"
  else false
  fi && echo "$1 blocked" || echo "$1 unable"
}
resolve() {
  if ! has timeout; then echo unable
  elif has nslookup; then timeout SECONDS nslookup "$1" 2>&1
  else echo unable
  fi
}
name() {
  case $(resolve "$2") in
    *unable*) echo "$1 unable" ;;
    *NXDOMAIN* | *Name:*) echo "$1 reached" ;;
    *) echo "$1 blocked" ;;
  esac
}`
