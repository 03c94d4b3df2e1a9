#!/usr/bin/env bash
# Makes images of a Debian guest as its installer leaves it (systemd, ifupdown, OpenSSH; no guest agent) from packages: bios.qcow2
# (GRUB on a BIOS, an MBR, ext4) and uefi.qcow2 (shim and GRUB on UEFI, signed by Debian for secure boot, which libvirt's
# firmware="efi" has; a GPT with an ESP, XFS); root, a folder with all its files; and packages, an archive of what it takes to
# install its guest agent later.
# Prints the folder that they are in. Those that are made already are not made again. For root.
set -euo pipefail
umask 022
export LC_ALL=C

suite=bookworm
packages=systemd-sysv,udev,dbus,linux-image-cloud-amd64,grub-pc-bin,grub-efi-amd64-signed,shim-signed,xfsprogs
packages+=,ifupdown,isc-dhcp-client,iproute2,openssh-server
mirror=${SEE_DEBIAN_MIRROR:-http://deb.debian.org/debian}
disk_mib=1000
esp_mib=64

cache=${SEE_GUEST_CACHE:-/var/cache/see/guest}
mkdir -p "$cache"
# The versions of the packages are those of the day: the script alone is what it is known by.
target=$cache/debian-$(sha256sum "${BASH_SOURCE[0]}" | cut -c1-16)
if [ -e "$target" ]; then
  echo "$target"
  exit
fi
find "$cache" -maxdepth 1 -name '.debian-*' -mmin +60 -exec rm -rf --one-file-system {} +
work=$(mktemp -d "$cache/.debian-XXXXXXXX")
chmod 755 "$work"
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 143' TERM INT HUP
mkdir "$work"/{root,out,xfs}

excluded=()
for folder in doc man locale info; do excluded+=(--dpkgopt="path-exclude=/usr/share/$folder/*"); done
fetch='chroot "$1" apt-get -qq -y --no-install-recommends --download-only install qemu-guest-agent'
mmdebstrap --quiet --mode=root --variant=minbase --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Retries "3"' "${excluded[@]}" \
  --customize-hook="$fetch" --customize-hook="copy-out /var/cache/apt/archives $work" \
  --include="$packages" "$suite" "$work/root.tar" "deb $mirror $suite main" >&2
tar -x -C "$work/root" -f "$work/root.tar"
rm "$work/root.tar"
root=$work/root
mkdir "$work/out/packages"
cp "$work"/archives/*.deb "$work/out/packages/"
(cd "$work/out/packages" && for package in *.deb; do
  dpkg-deb --field "$package"
  printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$package" "$(stat -c %s "$package")" "$(sha256sum "$package" | cut -c1-64)"
done) >"$work/Packages"
mv "$work/Packages" "$work/out/packages/"

echo debian >"$root/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 debian\n' >"$root/etc/hosts"
# By the name that the card has on the machine where the guest was installed.
printf 'auto lo\niface lo inet loopback\n\nallow-hotplug enp1s0\niface enp1s0 inet dhcp\n' >"$root/etc/network/interfaces"
: >"$root/etc/machine-id"
mkdir -p "$root/boot/grub"

grub_config() { # kernel arguments
  printf 'set timeout=0\nmenuentry Debian {\n  linux /vmlinuz root=/dev/%s ro %s\n  initrd /initrd.img\n}\n' "$1" "$2"
}
# GRUB with all that it needs in one file: no grub-install, which looks at the machine that it runs on.
chroot "$root" grub-mkimage -O i386-pc -p '(hd0,msdos1)/boot/grub' -o /core.img biosdisk part_msdos ext2 normal linux configfile
mv "$root"/core.img "$root/usr/lib/grub/i386-pc/boot.img" "$work/"

# The BIOS's: GRUB lies in the sectors before the partition.
echo '/dev/vda1 / ext4 errors=remount-ro 0 1' >"$root/etc/fstab"
grub_config vda1 quiet >"$root/boot/grub/grub.cfg"
mke2fs -q -t ext4 -d "$root" "$work/part.raw" "${disk_mib}M" >&2
truncate -s "$((disk_mib + 1))M" "$work/disk.raw"
dd if="$work/part.raw" of="$work/disk.raw" bs=1M seek=1 conv=notrunc,sparse status=none
dd if="$work/boot.img" of="$work/disk.raw" bs=440 count=1 conv=notrunc status=none
dd if="$work/core.img" of="$work/disk.raw" bs=512 seek=1 conv=notrunc status=none
printf '2048,,L,*\n' | sfdisk -q "$work/disk.raw" >&2
qemu-img convert -q -O qcow2 "$work/disk.raw" "$work/out/bios.qcow2"
rm "$work"/*.raw

# UEFI's: shim is where the firmware looks on a disk that it does not know, and GRUB beside it.
printf '/dev/vda2 / xfs defaults 0 0\n/dev/vda1 /boot/efi vfat umask=0077 0 1\n' >"$root/etc/fstab"
mkdir "$root/boot/efi"
grub_config vda2 'quiet console=tty0 console=ttyS0' >"$root/boot/grub/grub.cfg"
truncate -s "${disk_mib}M" "$work/xfs.raw"
mkfs.xfs -q "$work/xfs.raw" >&2
# In a mount namespace of its own, or one that another process makes meanwhile would keep it mounted, and unwritten.
unshare --mount sh -ec 'mount -o loop "$1/xfs.raw" "$1/xfs"; cp -a "$2/." "$1/xfs/"; umount "$1/xfs"' sh "$work" "$root"
mformat -C -F -T "$((esp_mib * 2048))" -h 64 -s 32 -i "$work/esp.raw" ::
printf 'set root=(hd0,gpt2)\nset prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n' >"$work/early.cfg"
mmd -i "$work/esp.raw" ::/EFI ::/EFI/BOOT ::/EFI/debian
mcopy -i "$work/esp.raw" "$root/usr/lib/shim/shimx64.efi.signed" ::/EFI/BOOT/BOOTX64.EFI
mcopy -i "$work/esp.raw" "$root/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed" ::/EFI/BOOT/grubx64.efi
mcopy -i "$work/esp.raw" "$work/early.cfg" ::/EFI/debian/grub.cfg
truncate -s "$((disk_mib + esp_mib + 2))M" "$work/disk.raw"
printf 'label: gpt\nstart=1MiB, size=%sMiB, type=uefi\nstart=%sMiB, size=%sMiB, type=linux\n' \
  "$esp_mib" "$((esp_mib + 1))" "$disk_mib" | sfdisk -q "$work/disk.raw" >&2
dd if="$work/esp.raw" of="$work/disk.raw" bs=1M seek=1 conv=notrunc,sparse status=none
dd if="$work/xfs.raw" of="$work/disk.raw" bs=1M seek="$((esp_mib + 1))" conv=notrunc,sparse status=none
qemu-img convert -q -O qcow2 "$work/disk.raw" "$work/out/uefi.qcow2"

chmod 444 "$work"/out/*.qcow2
mv "$root" "$work/out/root"
mv -T "$work/out" "$target"
echo "$target"
