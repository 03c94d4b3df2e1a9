#!/usr/bin/env bash
# QEMU 7.2: `memory-backend-file,readonly=on,share=off` makes the guest's memory read-only, not only the file.
#
# Expected: the manual says of the option that it "specifies whether the backing file is opened read-only or read-write". With
# `share=off` the guest's writes go to private copies of pages and never to the file, so a file that is opened read-only would
# do for a guest that is a copy-on-write clone of it: mapped `rw-p`.
# Seen: the file is opened read-only, and mapped read-only as well (`r--p`): the machine starts with memory that
# cannot be written, and says nothing. (Later versions have `rom=off` for this.) So a file of memory that clones must
# not be able to change cannot be closed to them in this version.
set -euo pipefail

version=1:7.2+dfsg-7+deb12u18+b3
work=$(mktemp -d)
qemu=
trap '[ -z "$qemu" ] || kill "$qemu" 2>/dev/null || :; rm -rf "$work"' EXIT
cd "$work"
apt-get -qq -o APT::Sandbox::User=root download "qemu-system-x86=$version" "qemu-system-common=$version"
for package in ./*.deb; do dpkg-deb --extract "$package" root; done
# Its libraries are those that the installed package of the same version depends on.
program=$work/root/usr/bin/qemu-system-x86_64
export QEMU_MODULE_DIR=$work/root/usr/lib/x86_64-linux-gnu/qemu
"$program" --version | sed -n 1p
truncate -s 16M memory

mapped() {
  "$program" -nodefaults -display none -S -machine none,memory-backend=ram -m 16M \
    -object "memory-backend-file,id=ram,size=16M,mem-path=$work/memory,share=off,readonly=$1" 2>/dev/null &
  qemu=$!
  for _ in $(seq 100); do
    grep -q "$work/memory" "/proc/$qemu/maps" 2>/dev/null && break
    sleep 0.05
  done
  awk -v path="$work/memory" '$6 == path { print $2 }' "/proc/$qemu/maps"
  kill "$qemu"
  wait "$qemu" 2>/dev/null || :
  qemu=
}
writable=$(mapped off)
readonly_=$(mapped on)
printf 'readonly=off: %s\nreadonly=on:  %s\n' "$writable" "$readonly_"
[ "$writable" = rw-p ] && [ "$readonly_" = r--p ]
