#!/usr/bin/env bash
# QEMU (7.2) takes TMPDIR=/tmp for no wish at all: the file of a temporary snapshot is made in /var/tmp.
#
# Expected: the folder that TMPDIR names is where temporary files go, as for other programs, whichever folder it is.
# Reality: with TMPDIR=/tmp, /var/tmp is used; with TMPDIR=/tmp/. (the same folder) /tmp is. In a sandbox that has /tmp and no
# /var/tmp, `snapshot=on` ends with "Could not open temporary file '/var/tmp/vl.XXXXXX': No such file or directory".
#
# Ends with 0 while that is so, and with 1 when it has changed.
set -euo pipefail

packages=(qemu-utils=1:7.2+dfsg-7+deb12u18+b3)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get -qq -o APT::Sandbox::User=root download "${packages[@]}"
for package in *.deb; do dpkg -x "$package" root; done
export PATH=$work/root/usr/bin:$PATH

truncate -s 1M disk
# The file has no name any more when it is open: the folder is that of the link in /proc.
folder_with() { # value of TMPDIR
  TMPDIR=$1 qemu-io --snapshot -f raw -c 'write 0 4096' -c 'sleep 2000' disk >/dev/null &
  local program=$! tries
  for tries in $(seq 100); do
    for file in "/proc/$program/fd/"*; do
      case $(readlink "$file" || true) in *'/vl.'*) readlink "$file" | sed -E 's|/vl\..*||' && break 2 ;; esac
    done
    sleep 0.01
  done
  wait "$program"
}
qemu-io --version | head -n 1
asked=$(folder_with /tmp)
around=$(folder_with /tmp/.)
echo "TMPDIR=/tmp: $asked; TMPDIR=/tmp/.: $around"
[ "$asked" = /var/tmp ] && [ "$around" = /tmp ]
