#!/usr/bin/env bash
# QEMU's guest agent (qemu-ga 7.2.22) loses what is in a named pipe when it is asked for more than there is.
#
# Expected: guest-file-read returns up to `count` bytes, so what is in the pipe now, as read(2) does; files are opened
# non-blocking for that very use ("to avoid common use cases (like reading from a named pipe) from hanging the agent").
# Reality: with 6 bytes in the pipe and a count of 100 it answers "failed to read file: Resource temporarily unavailable", and
# the 6 bytes are gone: the next read does not have them either.
#
# Ends with 0 while that is so, and with 1 when it has changed.
set -euo pipefail

packages=(
  qemu-guest-agent=1:7.2+dfsg-7+deb12u18+b3 libglib2.0-0=2.74.6-2+deb12u9 libudev1=252.39-1~deb12u2
  liburing2=2.3-3 libnuma1=2.0.16-1
)
work=$(mktemp -d)
agent=
trap '[ -z "$agent" ] || kill "$agent"; wait; rm -rf "$work"' EXIT
cd "$work"
apt-get -qq -o APT::Sandbox::User=root download "${packages[@]}"
for package in *.deb; do dpkg -x "$package" root; done
library=$work/root/usr/lib/$(uname -m)-linux-gnu:$work/root/lib/$(uname -m)-linux-gnu
LD_LIBRARY_PATH=$library root/usr/sbin/qemu-ga --version
mkdir state
LD_LIBRARY_PATH=$library root/usr/sbin/qemu-ga --method unix-listen --path "$work/socket" --statedir "$work/state" \
  --pidfile "$work/pid" 2>log &
agent=$!
for _ in $(seq 100); do [ -S socket ] && break; sleep 0.1; done
mkfifo pipe
answers=$(perl -MIO::Socket::UNIX -e '
  my $socket = IO::Socket::UNIX->new(Peer => "socket") or die "no agent: $!";
  sub ask { print $socket qq({"execute":"$_[0]","arguments":{$_[1]}}\n); my $answer = <$socket>; print $answer; $answer }
  my ($handle) = ask("guest-file-open", qq("path":"$ARGV[0]","mode":"r+")) =~ /(\d+)/;
  sub put { open(my $pipe, "+<", $ARGV[0]) or die; syswrite($pipe, $_[0]); }
  put("first\n");
  ask("guest-file-read", qq("handle":$handle,"count":100));
  put("second\n");
  ask("guest-file-read", qq("handle":$handle,"count":7));' "$work/pipe")
echo "$answers"
grep -q 'Resource temporarily unavailable' <<<"$answers"
# "first\n" and "second\n" in Base64.
if grep -q Zmlyc3 <<<"$answers"; then exit 1; fi
