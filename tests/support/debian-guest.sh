#!/usr/bin/env bash
# Makes the image of a Debian guest as its installer leaves it (systemd, ifupdown, OpenSSH, GRUB on a BIOS, ext4; no guest agent)
# from packages, and prints its path. One that is made already is not made again. For root.
set -euo pipefail
umask 022
export LC_ALL=C

suite=bookworm
packages=systemd-sysv,udev,dbus,linux-image-cloud-amd64,grub-pc-bin,ifupdown,isc-dhcp-client,iproute2,openssh-server
mirror=${SEE_DEBIAN_MIRROR:-http://deb.debian.org/debian}
disk_mib=1000

cache=${SEE_GUEST_CACHE:-/var/cache/see/guest}
mkdir -p "$cache"
# The versions of the packages are those of the day: the script alone is what it is known by.
target=$cache/debian-$(sha256sum "${BASH_SOURCE[0]}" | cut -c1-16).qcow2
if [ -e "$target" ]; then
  echo "$target"
  exit
fi
find "$cache" -maxdepth 1 -name '.debian-*' -mmin +60 -exec rm -rf {} +
work=$(mktemp -d "$cache/.debian-XXXXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 143' TERM INT HUP

excluded=()
for folder in doc man locale info; do excluded+=(--dpkgopt="path-exclude=/usr/share/$folder/*"); done
mmdebstrap --quiet --mode=root --variant=minbase --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Retries "3"' "${excluded[@]}" \
  --include="$packages" "$suite" "$work/root.tar" "deb $mirror $suite main" >&2
mkdir "$work/root"
tar -x -C "$work/root" -f "$work/root.tar"
rm "$work/root.tar"
root=$work/root

echo '/dev/vda1 / ext4 errors=remount-ro 0 1' >"$root/etc/fstab"
echo debian >"$root/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 debian\n' >"$root/etc/hosts"
# By the name that the card has on the machine where the guest was installed.
printf 'auto lo\niface lo inet loopback\n\nallow-hotplug enp1s0\niface enp1s0 inet dhcp\n' >"$root/etc/network/interfaces"
: >"$root/etc/machine-id"
mkdir -p "$root/boot/grub"
printf 'set timeout=0\nmenuentry Debian {\n  linux /vmlinuz root=/dev/vda1 ro quiet\n  initrd /initrd.img\n}\n' >"$root/boot/grub/grub.cfg"
# GRUB with all that it needs in the sectors before the partition: no loop device and no grub-install.
chroot "$root" grub-mkimage -O i386-pc -p '(hd0,msdos1)/boot/grub' -o /boot/grub/core.img \
  biosdisk part_msdos ext2 normal linux configfile
mv "$root/boot/grub/core.img" "$work/"
cp "$root/usr/lib/grub/i386-pc/boot.img" "$work/"
rm -rf "$root/usr/lib/grub"
mke2fs -q -t ext4 -d "$root" "$work/part.raw" "${disk_mib}M" >&2
truncate -s "$((disk_mib + 1))M" "$work/disk.raw"
dd if="$work/part.raw" of="$work/disk.raw" bs=1M seek=1 conv=notrunc,sparse status=none
dd if="$work/boot.img" of="$work/disk.raw" bs=440 count=1 conv=notrunc status=none
dd if="$work/core.img" of="$work/disk.raw" bs=512 seek=1 conv=notrunc status=none
printf '2048,,L,*\n' | sfdisk -q "$work/disk.raw" >&2
qemu-img convert -q -O qcow2 "$work/disk.raw" "$work/disk.qcow2"
chmod 444 "$work/disk.qcow2"
mv "$work/disk.qcow2" "$target"
echo "$target"
