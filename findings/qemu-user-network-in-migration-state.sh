#!/bin/bash
# A QEMU that has a "user" network saves a state that only a QEMU with a "user" network can load.
#
# Expected: what a card's other end is (-netdev) is the host's business, as with a tap device, sockets or a disk's file: a
# state saved with "-netdev user" loads into a QEMU with another back end, above all where no card is on it.
# Seen: "Unknown savevm section or instance 'slirp' 0", and QEMU exits; with a "user" network that nothing is connected to,
# it loads.
#
# Needs: apt-get, dpkg, and the libraries of the Debian package qemu-system-x86 on the host.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
release=1:7.2+dfsg-7+deb12u18+b3
apt-get download -q qemu-system-x86="$release" qemu-system-common=1:7.2+dfsg-7+deb12u18+b3 \
  qemu-system-data=1:7.2+dfsg-7+deb12u18 libslirp0=4.7.0-1 \
  seabios=1.16.2-1 >/dev/null 2>&1
for package in ./*.deb; do dpkg -x "$package" root; done
export LD_LIBRARY_PATH="$work/root/usr/lib/x86_64-linux-gnu" QEMU_MODULE_DIR="$work/root/usr/lib/x86_64-linux-gnu/qemu"
machine=(-L "$work/root/usr/share/qemu" -L "$work/root/usr/share/seabios" -machine pc-q35-7.2 -accel tcg -m 16 -nodefaults
  -no-user-config -display none -S -monitor stdio)
qemu="$work/root/usr/bin/qemu-system-x86_64"
"$qemu" --version | head -1

printf 'migrate "exec:cat >state"\nquit\n' |
  timeout 60 "$qemu" "${machine[@]}" -netdev user,id=n,restrict=on >out 2>&1 || { cat out; exit 1; }
[ -s state ]

# Says whether the state can be loaded with these options.
load() {
  (sleep 2; echo quit) | timeout 60 "$qemu" "${machine[@]}" "$@" -incoming 'exec:cat state' >out 2>&1 && echo loaded ||
    grep -o "Unknown savevm section or instance 'slirp' 0" out
}
without=$(load | head -1)
with=$(load -netdev user,id=n,restrict=on | head -1)
echo "without a user network: $without; with one: $with"
[ "$without" = "Unknown savevm section or instance 'slirp' 0" ] && [ "$with" = loaded ]
