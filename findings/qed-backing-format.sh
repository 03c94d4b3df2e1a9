#!/bin/sh
# qemu-img takes the format of a QED overlay's base and forgets it.
#
# `qemu-img create -f qed -b BASE -F qcow2` is accepted without a word, as is `-F raw`. Expected: the overlay says what
# format its base has, as a qcow2 overlay does, or qemu-img says that it cannot. Real: a QED header has no place for a
# format, only a flag for "raw, do not probe". With `-F qcow2` nothing is written, so the base's format is guessed from its
# content each time that the overlay is opened, which is what `-F` is asked for to prevent. With `-F raw` it is kept.
#
# Run as an ordinary user on Debian 12; downloads one package into a temporary folder and removes it.
set -eu

package=qemu-utils=1:7.2+dfsg-7+deb12u18+b3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download "$package" >/dev/null 2>&1
dpkg -x qemu-utils_*.deb .
qemu_img=$folder/usr/bin/qemu-img
"$qemu_img" --version | head -n 1

"$qemu_img" create -q -f qcow2 base.qcow2 4M
"$qemu_img" create -q -f raw base.raw 4M
for overlay in qcow2 qed; do
  "$qemu_img" create -q -f "$overlay" -b base.qcow2 -F qcow2 "over-qcow2.$overlay"
  "$qemu_img" create -q -f "$overlay" -b base.raw -F raw "over-raw.$overlay"
done

format_in() {
  "$qemu_img" info --output=json "$1" | sed -n 's/.*"backing-filename-format": "\(.*\)".*/\1/p'
}
for file in over-qcow2.qcow2 over-raw.qcow2 over-qcow2.qed over-raw.qed; do
  printf '%-18s says that its base is: %s\n' "$file" "$(format_in "$file")"
done

test "$(format_in over-qcow2.qcow2)" = qcow2
test "$(format_in over-raw.qed)" = raw
test -z "$(format_in over-qcow2.qed)"
