#!/usr/bin/env bash
# QEMU's guest agent (qemu-ga 7.2.22) opens no file of any file system while the one of its own state folder is full.
#
# Expected: guest-file-open of a file on a file system with room returns a handle, whatever is full elsewhere; or, if it
# refuses, leaves nothing behind.
# Reality: it first opens the file (with mode w+ it makes it), then writes the next handle's number to its state folder
# (--statedir, /run/qemu or /var/run by default), and where that has no room answers "failed to commit persistent state to
# disk". The file that it made stays. So a guest that fills its /run stops every guest-file-open.
#
# Ends with 0 while that is so, and with 1 when it has changed. Needs a user namespace, or root, to mount a small tmpfs.
set -euo pipefail

packages=(
  qemu-guest-agent=1:7.2+dfsg-7+deb12u18+b3 libglib2.0-0=2.74.6-2+deb12u9 libudev1=252.39-1~deb12u2
  liburing2=2.3-3 libnuma1=2.0.16-1
)
if [ "${1:-}" != inside ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  cd "$work"
  apt-get -qq -o APT::Sandbox::User=root download "${packages[@]}"
  for package in *.deb; do dpkg -x "$package" root; done
  self=$OLDPWD/${BASH_SOURCE[0]}
  [ -e "$self" ] || self=${BASH_SOURCE[0]}
  unshare --user --map-root-user --mount --pid --fork bash "$self" inside "$work"
  exit
fi

cd "$2"
library=$PWD/root/usr/lib/$(uname -m)-linux-gnu:$PWD/root/lib/$(uname -m)-linux-gnu
agent=$PWD/root/usr/sbin/qemu-ga
LD_LIBRARY_PATH=$library "$agent" --version
mkdir state roomy
mount -t tmpfs -o size=16k small state
LD_LIBRARY_PATH=$library "$agent" --method unix-listen --path "$PWD/socket" --statedir "$PWD/state" \
  --pidfile "$PWD/pid" 2>log &
for _ in $(seq 100); do [ -S socket ] && break; sleep 0.1; done
head -c 16384 /dev/zero >state/fill 2>/dev/null || true
answer=$(perl -MIO::Socket::UNIX -e '
  my $socket = IO::Socket::UNIX->new(Peer => "socket") or die "no agent: $!";
  print $socket qq({"execute":"guest-file-open","arguments":{"path":"$ARGV[0]","mode":"w+"}}\n);
  print scalar <$socket>' "$PWD/roomy/file")
echo "answer: $answer"
echo "made: $(ls roomy)"
case $answer in *'failed to commit persistent state to disk'*) [ -e roomy/file ] ;; *) exit 1 ;; esac
