import type { Attempt } from './attempt.ts'

/** In which an attempt must succeed, in seconds. */
const ATTEMPT_SECONDS = 1

/**
 * A script for any POSIX shell that makes all attempts side by side, by what it finds in the guest: busybox or another netcat,
 * bash, Python or Perl. It prints a line for each: its number and what came of it.
 * @param token what our listener is sent, in hexadecimal, with the number of the attempt behind it
 */
export function probeScript(attempts: readonly Attempt[], token: string): string {
  const calls = attempts.map(({ kind, address, port }, index) => {
    return kind === 'tcp' ? `tcp ${index} ${address} ${port} &` : `name ${index} ${address} &`
  })
  return `${FUNCTIONS.replaceAll('TOKEN', token).replaceAll('SECONDS', String(ATTEMPT_SECONDS))}\n${calls.join('\n')}\nwait\n`
}

const FUNCTIONS = String.raw`LC_ALL=C
export LC_ALL
exec 3>&1 2>/dev/null
has() { command -v "$1" >/dev/null; }
hears() { busybox nc --help 2>&1 | grep -q -e '-e PROG'; }
# Prints "open" as soon as it is connected: what listens there may neither answer nor hang up.
connect() {
  if hears; then busybox nc -w SECONDS "$1" "$2" -e /bin/sh -c "echo TOKEN.$3; echo $3 reached >&3" 2>&1
  elif has python3; then python3 -c 'import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2])), SECONDS).sendall(b"TOKEN.%s\n" % sys.argv[3].encode())
print("open")' "$1" "$2" "$3" 2>&1
  elif has perl; then perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => $ARGV[1], Timeout => SECONDS) or die $!; print $s "TOKEN.$ARGV[2]\n"; print "open\n"' "$1" "$2" "$3" 2>&1
  elif has timeout && has bash; then timeout SECONDS bash -c 'echo TOKEN.$3 >"/dev/tcp/$1/$2" && echo open' - "$1" "$2" "$3" 2>&1
  elif has nc; then echo "TOKEN.$3" | nc -w SECONDS "$1" "$2" 2>&1 && echo open
  else echo unable
  fi
}
tcp() {
  case $(connect "$2" "$3" "$1") in
    *unable*) echo "$1 unable" ;;
    *open*) echo "$1 reached" ;;
    *efused*) echo "$1 refused" ;;
    *) echo "$1 blocked" ;;
  esac
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
