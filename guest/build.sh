#!/usr/bin/env bash
# Builds the tiny guest from Debian packages, without root, and prints the folder that holds it: vmlinuz, initrd,
# disk.qcow2, domain.xml, resources.json, embedded.json, and reader.initrd, with which the kernel reads disks for the disk
# report, prepare.initrd, with which it installs what SEE needs into the disk of another Linux guest, and prepare.tar, with which
# one that runs does. A guest that is built already is not built again; --force rebuilds it.
set -euo pipefail
# Others (QEMU's user) must be able to read what is made here, whatever the caller's umask.
umask 022

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=guest/common.sh
. "$here/common.sh"

# Beside the kernel and what the guest agent depends on directly: what those libraries need in turn, and the C++
# runtime, so that ordinary programs run in the guest.
packages=(busybox-static qemu-guest-agent libc6 libpcre2-8-0 libgcc-s1 libstdc++6)
# What finds and assembles the volumes of a disk, for the reader only, with the libraries that it needs in turn.
reading=(
  lvm2 mdadm util-linux libblkid1 libdevmapper1.02.1 libdevmapper-event1.02.1 libaio1 libedit2 libbsd0 libmd0 libtinfo6
  libselinux1 libsystemd0 libcap2 libgcrypt20 libgpg-error0 liblz4-1 liblzma5 libzstd1
)
# What compiles the programs here; it does not come into the guest.
compiling=(tcc libc6-dev linux-libc-dev musl-dev)
depending=(linux-image-cloud-amd64 qemu-guest-agent)
# The initramfs loads what is needed to reach the disk and what something waits for; the dependencies are beside it.
initramfs_modules=(virtio_pci virtio_blk virtio_net virtio_console button evdev)
initramfs_dependencies=(virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev failover net_failover)
root_modules=(virtio-rng virtio_balloon isofs fat vfat nls_cp437 nls_ascii qemu_fw_cfg pvpanic pvpanic-mmio)
# The first are loaded at boot, the others when they are asked for. Dependencies are found by depmod.
reader_boot_modules=(virtio_pci virtio_blk virtio_console)
reader_modules=(
  "${reader_boot_modules[@]}" xfs btrfs vfat exfat udf isofs squashfs erofs nls_cp437 nls_ascii nls_utf8 crc32c-intel
  dm-mod dm-snapshot dm-thin-pool dm-raid dm-mirror dm-cache-smq
  md-mod linear raid0 raid1 raid10 raid456
)
disk_mib=256

force=
case ${1-} in
  '') ;;
  --force) force=1 ;;
  *) fail "unknown argument: $1" 'usage: guest/build.sh [--force]' ;;
esac

require_tools apt-get dpkg-deb mke2fs debugfs qemu-img
find_cache

# Everything to fetch, one line a package with its version and hash.
uris() {
  local -a names
  names=$(apt-cache "${apt[@]}" depends --important "${depending[@]}" 2>/dev/null |
    sed -nE 's/^ +(Pre)?Depends: (lib|linux-image-)/\2/p') || return
  mapfile -t names < <(printf '%s\n' "${packages[@]}" "${reading[@]}" "${compiling[@]}" "$names" | sort -u)
  # It leaves out what lies in the folder that it is called in.
  (cd "$here" && apt-get "${apt[@]}" download --print-uris "${names[@]}" 2>/dev/null)
}
# The same as apt said it last, which takes it more than a second, unless something has changed that it goes by.
uris_said() {
  local said began new
  said=$cache/.said-$(cat "$here"/{build,common}.sh | sha256sum | cut -c1-16)
  began=$(date +%s.%N)
  if [ ! -s "$said" ] ||
    [ -n "$(find /etc/apt /var/lib/apt/lists /var/lib/dpkg/status "$lists" -newer "$said" -print -quit 2>/dev/null)" ]; then
    new=$(mktemp "$scratch/${said##*/}.XXXXXXXX")
    uris >"$new" && touch -d "@$began" "$new" && mv "$new" "$said" || { rm -f "$new" && return 1; }
  fi
  cat "$said"
}

work=
trap '[ -z "$work" ] || rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

[ -z "$force" ] || rm -rf "$lists"
[ ! -d "$lists" ] || use_own_lists
wanted=$(uris_said) || {
  renew_own_lists
  wanted=$(uris_said) || fail "apt knows no package of the name of one of these: ${packages[*]} ${depending[*]}" \
    'the tiny guest is made from Debian 12 or newer: check /etc/apt/sources.list'
}
key() {
  {
    printf '%s\n' "$wanted"
    (cd "$here" && find . -type f ! -name '*.md' -print0 | sort -z | xargs -0 sha256sum)
  } | sha256sum | cut -c1-16
}
target=$cache/$(key)
if [ -z "$force" ] && [ -e "$target/resources.json" ]; then
  echo "$target"
  exit
fi

# What a builder left that was killed outright. None takes an hour.
find "$cache" -maxdepth 1 -name '.build-*' -mmin +60 -exec rm -rf {} +
# In the file system of the target, so that renaming is enough to put the finished folder in place.
work=$(mktemp -d "$scratch/.build-XXXXXXXX")
chmod 755 "$work"
mkdir "$work"/{packages,host,tools,kernel,modules,root,initramfs,reader,prepare,out}

download() {
  # shellcheck disable=SC2046 # one word a package
  (cd "$work/packages" && apt-get "${apt[@]}" -o APT::Sandbox::User= -qq download \
    $(printf '%s\n' "$wanted" | awk '{ sub(/_[^_]*$/, "", $2); sub(/_/, "=", $2); gsub(/%3a/, ":", $2); print $2 }')) >&2
}
say 'fetching packages'
download || {
  # A list that is out of date names versions that the archive has replaced since.
  renew_own_lists
  { wanted=$(uris) && download; } || fail 'apt-get could not fetch the packages' 'its own words stand above'
  target=$cache/$(key)
}

say 'building'
reads() { printf '%s\n' "${reading[@]}" | grep -qxF "$1"; }
for package in "$work"/packages/*.deb; do
  name=${package##*/}
  if reads "${name%%_*}"; then dpkg-deb --extract "$package" "$work/tools"; fi
  case $name in
    # Of the kernel's thousand modules only a few are wanted.
    linux-image-*) kernel_package=$package ;;
    tcc_* | libc6-dev_* | linux-libc-dev_* | musl-dev_*) dpkg-deb --extract "$package" "$work/compiler" ;;
    *) reads "${name%%_*}" || dpkg-deb --extract "$package" "$work/host" ;;
  esac
done
# All of the kinds that the reader takes some of: which ones others depend on is known only when they are here.
{
  echo './boot/vmlinuz-*'
  printf '*/kernel/%s/*.ko\n' arch/x86/crypto crypto drivers fs lib net
  printf '*/modules.%s\n' builtin order
} >"$work/members"
dpkg-deb --fsys-tarfile "$kernel_package" |
  tar -x -C "$work/modules" --wildcards -T "$work/members"
# Of which the tiny guest has a few.
wanted_files=(-name 'modules.*')
for module in "${initramfs_modules[@]}" "${initramfs_dependencies[@]}" "${root_modules[@]}"; do
  wanted_files+=(-o -name "$module.ko")
done
(cd "$work/modules" && find lib "${wanted_files[@]}" | tar -c -T -) | tar -x -C "$work/kernel"
version=$(cd "$work"/kernel/lib/modules && echo *)
cp "$work/modules/boot/vmlinuz-$version" "$work/out/vmlinuz"
# One of its own for the reader: libvirt gives the kernel of a guest that runs to the user of its QEMU.
cp "$work/modules/boot/vmlinuz-$version" "$work/out/reader.vmlinuz"

# The static busybox also runs on the host: here it replaces cpio and depmod.
busybox=$work/host/bin/busybox
[ -e "$busybox" ] || busybox=$work/host/usr/bin/busybox

# The initramfs
mkdir -p "$work"/initramfs/{bin,dev,proc,root,"lib/modules/$version"}
cp "$busybox" "$work/initramfs/bin/busybox"
ln -s busybox "$work/initramfs/bin/sh"
cp "$here/initramfs/init" "$work/initramfs/init"
for module in "${initramfs_modules[@]}" "${initramfs_dependencies[@]}"; do
  find "$work/kernel/lib/modules" -name "$module.ko" -exec cp {} "$work/initramfs/lib/modules/$version/" \;
  [ -e "$work/initramfs/lib/modules/$version/$module.ko" ] || fail "kernel $version has no module $module"
done
echo "${initramfs_modules[*]}" >"$work/initramfs/modules"
"$busybox" depmod -b "$work/initramfs" "$version"
# Not compressed: QEMU copies it into memory in one go, and unpacking under emulation takes longer than that.
(cd "$work/initramfs" && find . | sort | "$busybox" cpio --quiet -o -H newc -R 0:0) >"$work/out/initrd" 2>/dev/null

# The root file system
root=$work/root
mkdir -p "$root"/{dev,proc,sys,run,tmp,mnt,root,etc,usr/{bin,sbin,lib64,lib/x86_64-linux-gnu,lib/modules},var/{lib,log}}
chmod 1777 "$root/tmp"
for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$root/$folder"; done
ln -s ../run "$root/var/run"
ln -s ../tmp "$root/var/tmp"
ln -s ../proc/mounts "$root/etc/mtab"
cp "$busybox" "$root/bin/busybox"
for applet in $("$busybox" --list); do
  case $applet in
    busybox) ;; # a link to itself would be a broken one
    init) ln -s ../bin/busybox "$root/sbin/init" ;;
    poweroff | reboot | halt) ln -s shutdown "$root/sbin/$applet" ;;
    *) ln -s busybox "$root/bin/$applet" ;;
  esac
done
for folder in lib usr/lib; do
  [ ! -d "$work/host/$folder/x86_64-linux-gnu" ] ||
    find "$work/host/$folder/x86_64-linux-gnu" -maxdepth 1 -name '*.so*' -exec cp -a {} "$root/lib/x86_64-linux-gnu/" \;
done
ln -s ../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 "$root/lib64/ld-linux-x86-64.so.2"
cp "$work/host/usr/sbin/qemu-ga" "$root/sbin/qemu-ga"
# With crt files and headers of the packages' own: the host needs no compiler.
tcc=$work/compiler/usr
compile() { # program source…
  "$tcc/bin/tcc" -O2 -nostdinc -nostdlib "-I$tcc/lib/x86_64-linux-gnu/tcc/include" "-I$tcc/include" \
    "-I$tcc/include/x86_64-linux-gnu" -o "$1" \
    "$tcc/lib/x86_64-linux-gnu/"crt{1,i}.o "${@:2}" "$root/lib/x86_64-linux-gnu/libc.so.6" \
    "$tcc/lib/x86_64-linux-gnu/"{libc_nonshared.a,tcc/libtcc1.a,crtn.o} ||
    fail "${1##*/} could not be compiled"
}
# With musl, whose programs need nothing of the guest that they run in.
musl=$tcc/lib/x86_64-linux-musl
compile_static() { # program source…
  "$tcc/bin/tcc" -O2 -static -nostdinc -nostdlib "-I$tcc/include/x86_64-linux-musl" \
    "-I$tcc/lib/x86_64-linux-gnu/tcc/include" "-I$tcc/include" "-I$tcc/include/x86_64-linux-gnu" -w -o "$1" \
    "$musl/"crt{1,i}.o "${@:2}" "$musl/libc.a" "$tcc/lib/x86_64-linux-gnu/tcc/libtcc1.a" "$musl/crtn.o" ||
    fail "${1##*/} could not be compiled"
}
compile_static "$root/sbin/see-identity" "$here/programs/see-identity.c"
cp -a "$work/kernel/lib/modules/$version" "$root/lib/modules/$version"
"$busybox" depmod -b "$root" "$version"
cp -a "$here/root/." "$root/"
# The guest's own loader says which libraries a program finds in folders, or nowhere.
libraries_of() { # folders program
  "$root/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" --inhibit-cache --library-path "$1" --list "$2" | grep -vF linux-vdso
}
missing=$(libraries_of "$root/lib/x86_64-linux-gnu" "$root/sbin/qemu-ga" | grep -vF "$root" || :)
[ -z "$missing" ] || fail 'qemu-ga needs libraries that are not in the guest:' "$missing"

# For guests that have more than this one.
tar -c -C "$root" --owner=0 --group=0 --numeric-owner --sort=name -f "$work/out/root.tar" .

# The reader: an initramfs with only the programs and modules that read disks.
reader=$work/reader
mkdir -p "$reader"/{bin,dev,proc,sys,run,mnt,lib64,etc/lvm,"lib/modules/$version",lib/x86_64-linux-gnu}
mkdir "$reader/sbin"
cp "$busybox" "$reader/bin/busybox"
ln -s busybox "$reader/bin/sh"
ln -s ../bin/busybox "$reader/sbin/modprobe" # by which the kernel loads what it misses
cp "$here/reader/init" "$reader/init"
cp "$here/reader/discover" "$reader/sbin/"
for program in lvm mdadm blkid; do
  # Newer releases have all of them in /usr.
  cp "$work"/tools/{,usr/}sbin/"$program" "$reader/sbin/" 2>/dev/null || [ -e "$reader/sbin/$program" ] ||
    fail "no package has the program $program"
done
cp "$here/reader/lvm.conf" "$reader/etc/lvm/"
compile "$reader/sbin/see-reader" "$here"/reader/{see-reader,walk}.c
cp "$root/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" "$reader/lib64/"
folders=$root/lib/x86_64-linux-gnu:$work/tools/lib/x86_64-linux-gnu:$work/tools/usr/lib/x86_64-linux-gnu
for program in lvm mdadm blkid see-reader; do
  libraries=$(libraries_of "$folders" "$reader/sbin/$program")
  missing=$(grep -vF "$work" <<<"$libraries" || :)
  [ -z "$missing" ] || fail "$program needs libraries that are not in the reader:" "$missing"
  sed -nE 's/.*=> ([^ ]+).*/\1/p' <<<"$libraries" | xargs -r cp -Lt "$reader/lib/x86_64-linux-gnu"
done
modules=$work/modules/lib/modules/$version
"$busybox" depmod -b "$work/modules" "$version"
for module in "${reader_modules[@]}"; do
  # Each with what it depends on, by modules.dep.
  files=$(sed -nE "s|^([^:]*/)?$module\\.ko: ?|&|p" "$modules/modules.dep" | tr -d ':')
  [ -n "$files" ] || fail "kernel $version has no module $module"
  for file in $files; do cp "$modules/$file" "$reader/lib/modules/$version/"; done
done
cp "$modules"/modules.{builtin,order} "$reader/lib/modules/$version/"
"$busybox" depmod -b "$reader" "$version"
echo "${reader_boot_modules[*]}" >"$reader/modules"
(cd "$reader" && find . | sort | "$busybox" cpio --quiet -o -H newc -R 0:0) >"$work/out/reader.initrd" 2>/dev/null

# What installs into the disk of another guest: the reader with an agent, which takes its commands, and with what is
# installed.
prepare=$work/prepare
cp -a "$reader/." "$prepare/"
rm "$prepare/sbin/see-reader"
cp "$here/prepare/init" "$prepare/init"
cp "$here/prepare/prepare" "$prepare/sbin/"
mkdir -p "$prepare/see/agent"
cp "$here/prepare/install" "$here"/prepare/files/* "$prepare/see/"
cp "$root/sbin/see-identity" "$prepare/see/"
# An agent with its own loader and libraries runs in any guest.
cp "$root/sbin/qemu-ga" "$root/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" "$prepare/see/agent/"
libraries_of "$root/lib/x86_64-linux-gnu" "$root/sbin/qemu-ga" | sed -nE 's/.*=> ([^ ]+).*/\1/p' |
  xargs -r cp -Lt "$prepare/see/agent"
(cd "$prepare" && find . | sort | "$busybox" cpio --quiet -o -H newc -R 0:0) >"$work/out/prepare.initrd" 2>/dev/null
# The same for a guest that runs.
tar -c -C "$prepare/see" --owner=0 --group=0 --numeric-owner --sort=name -f "$work/out/prepare.tar" .

# No journal: the disk is thrown away. Inode tables are written here, or the guest would do it while it runs.
mke2fs -q -t ext4 -O ^has_journal -N 16384 -m 0 -L see-guest -E lazy_itable_init=0,root_owner=0:0 \
  -d "$root" "$work/disk.raw" "${disk_mib}M" >/dev/null
# mke2fs copies the builder's own user id onto the files.
(cd "$root" && find . -mindepth 1 | sed 's|^\./|/|' | while read -r path; do
  printf 'set_inode_field "%s" uid 0\nset_inode_field "%s" gid 0\n' "$path" "$path"
done) >"$work/owners"
debugfs -w -f "$work/owners" "$work/disk.raw" >/dev/null 2>&1
qemu-img convert -q -O qcow2 "$work/disk.raw" "$work/out/disk.qcow2"

for file in domain.xml resources.json embedded.json; do
  # The schema lies beside the original, not beside the copy.
  sed -e "s|@FOLDER@|$target|g" -e '/"\$schema"/d' "$here/$file" >"$work/out/$file"
done
printf '%s\n' "$wanted" | awk '{ print $2 }' >"$work/out/packages"
chmod 444 "$work"/out/*

# A folder cannot be renamed over one that is not empty: the second builder finds the first one's guest, which is the
# same.
if [ -n "$force" ] && [ -e "$target" ]; then mv "$target" "$work/old"; fi
mv -T "$work/out" "$target" 2>/dev/null || [ -e "$target/resources.json" ] || fail "could not put the guest into $target"
echo "$target"
