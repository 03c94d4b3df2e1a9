#!/usr/bin/env bash
# Builds a guest like the tiny one that has Debian packages of the caller's choice, with what they depend on; without root. It
# gives the guest a name, and prints the folder that holds it: vmlinuz, initrd, disk.qcow2, domain.xml, resources.json, embedded.json
# and manifest.json. A guest of the same content is not built again. Exit code 2: what was asked for cannot be built.
set -euo pipefail
# Others (QEMU's user) must be able to read what is made here, whatever the caller's umask.
umask 022

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=guest/common.sh
. "$here/common.sh"

free_mib=256
# The C library with its tools, the C++ runtime that the tiny guest also has, and a shell that finds programs by PATH:
# busybox's takes its own commands before those of packages.
base=(libc6 libc-bin libgcc-s1 libstdc++6 dash)
# Libraries of TLS: programs that use one need certificates to trust.
tls='^(libssl|libgnutls|libnss3)'
left_out=(doc man info locale lintian bug)
# By names that update-alternatives would give: the first program that is there gets the name.
alternatives=(
  'cc gcc clang tcc' 'c++ g++ clang++' 'nc nc.openbsd nc.traditional' 'java ../lib/jvm/*/bin/java'
  'javac ../lib/jvm/*/bin/javac' 'php php[0-9]*' 'lua lua5*' 'pip pip3' 'node nodejs'
)

refuse() {
  printf 'guest: error: %s\n' "$*" >&2
  exit 2
}

[ $# -ge 3 ] || fail 'usage: guest/with-packages.sh NAME auto|MEBIBYTES PACKAGE[=VERSION]...'
name=$1 disk_mib=$2
shift 2
[[ $name =~ ^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$ ]] || refuse "$name is no name of a guest"
[[ $disk_mib =~ ^(auto|[0-9]{1,7})$ ]] || refuse "$disk_mib is no number of mebibytes"
mapfile -t asked < <(printf '%s\n' "$@" | sort -u)
for package in "${asked[@]}"; do
  [[ $package =~ ^[a-z0-9][a-z0-9+.-]+(=[A-Za-z0-9.+:~-]+)?$ ]] || refuse "$package is no name of a Debian package"
done
require_tools apt-get dpkg-deb tar mke2fs qemu-img bwrap flock
find_cache

work=
trap '[ -z "$work" ] || rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

say 'asking apt for versions'
tiny=$("$here/build.sh")
[ ! -d "$lists" ] || use_own_lists

# One build at a time: builds share the folder of archives, and what lies half-made beside the lock was left behind.
mkdir -p "$cache"/{with-packages,names,archives/partial}
exec 9>"$cache/.with-packages.lock"
flock -n 9 || { say 'waiting until another guest has been built' && flock 9; }
rm -rf "$cache"/.with-packages-*/
work=$(mktemp -d "$scratch/.with-packages-XXXXXXXX")
chmod 755 "$work"
mkdir "$work"/{none,none/partial,root,out}

# As if nothing were installed: what this host has, the guest has not. The host's own state is only read, and its caches are
# left to it.
[ -e "$cache/archives/status" ] || : >"$cache/archives/status"
fresh=(-o "Dir::State::status=$cache/archives/status" -o "Dir::Cache::pkgcache=$cache/archives/pkgcache.bin"
  -o "Dir::Cache::srcpkgcache=$cache/archives/srcpkgcache.bin" -o APT::Sandbox::User= -o APT::Install-Recommends=false
  -o APT::Install-Suggests=false -o Acquire::ForceHash=SHA256 -o Acquire::Retries=3 -o Debug::NoLocking=true)
unknown_packages() {
  comm -23 <(printf '%s\n' "$@" | sed 's/=.*//' | sort -u) <(
    apt-cache "${apt[@]}" "${fresh[@]}" show --no-all-versions "${@%%=*}" 2>/dev/null |
      sed -n 's/^Package: //p' | sort -u
  ) | paste -sd' '
}
# One line a package, with its version and hash. It leaves out what lies in the folder of archives, so that is an empty one.
resolve() {
  apt-get "${apt[@]}" "${fresh[@]}" -o "Dir::Cache::archives=$work/none" -qq --print-uris install \
    "${base[@]}" "${asked[@]}" "${added[@]}" 2>"$work/words"
}
resolve_all() {
  added=()
  wanted=$(resolve) || return
  ! awk '{ print $2 }' <<<"$wanted" | grep -qE "$tls" || { added=(ca-certificates) && wanted=$(resolve); }
}
all_are_there() {
  local names
  names=$(awk '{ sub(/_.*/, "", $2); print $2 }' <<<"$wanted")
  [ -z "$(comm -23 <(printf '%s\n' "${asked[@]}" | sed 's/=.*//' | sort -u) <(sort -u <<<"$names"))" ]
}
# Where a name is none, apt may take it for a pattern.
if ! { resolve_all && all_are_there; }; then
  unknown=$(unknown_packages "${asked[@]}")
  # Lists of ours may be out of date, and only we renew them; without any list nothing is known.
  if [ -n "$unknown" ] && { [ -n "$(find "$lists" -maxdepth 0 -mmin +60 2>/dev/null)" ] || [ -n "$(unknown_packages libc6)" ]; }; then
    renew_own_lists
    unknown=$(unknown_packages "${asked[@]}")
  fi
  [ -z "$unknown" ] || refuse "apt knows no package of the name: $unknown (apt-cache search WORD finds one; apt-get update fetches newer lists)"
  resolve_all || refuse "apt cannot have these packages together: $(sed -n 's/^E: //p' "$work/words" | paste -sd' ')"
  all_are_there || refuse "apt has other packages in place of some of these: ${asked[*]}"
fi

key() {
  printf '%s\n' "$tiny" "$disk_mib" "${asked[*]}" "$(awk '{ print $2, $4 }' <<<"$wanted")" | sha256sum | cut -c1-16
}
# Gives the guest its name, which another one of the name loses, and prints its folder.
finish() {
  ln -s "../with-packages/${target##*/}" "$work/name"
  mv -T "$work/name" "$cache/names/$name"
  echo "$target"
  exit
}
target=$cache/with-packages/$(key)
[ ! -e "$target/manifest.json" ] || finish

download() {
  awk '{ print $4, $2 }' <<<"$wanted" | sed -nE 's|^SHA256:([0-9a-f]{64}) (.*)|\1  \2|p' >"$work/sums"
  # What was cut short once is fetched again.
  (cd "$cache/archives" && sha256sum --check --quiet "$work/sums" 2>/dev/null | sed -n 's/: FAILED.*//p' | xargs -r rm -f)
  apt-get "${apt[@]}" "${fresh[@]}" -o "Dir::Cache::archives=$cache/archives" -qq --yes --download-only install \
    "${base[@]}" "${asked[@]}" "${added[@]}" >&2
}
say "fetching $(wc -l <<<"$wanted") packages, $(awk '{ sum += $3 } END { print int(sum / 1048576) + 1 }' <<<"$wanted") MiB"
download || {
  # A list that is out of date names versions that the archive has replaced since.
  renew_own_lists
  { resolve_all && download; } || fail 'apt-get could not fetch the packages' 'its own words stand above'
  target=$cache/with-packages/$(key)
}
[ "$(wc -l <"$work/sums")" -eq "$(wc -l <<<"$wanted")" ] || fail 'apt knows no checksum of one of the packages'
(cd "$cache/archives" && sha256sum --check --quiet "$work/sums" >&2) || fail 'a package is not what its checksum says'

say 'unpacking them'
root=$work/root
tar -x -C "$root" --no-same-owner -f "$tiny/root.tar"
excluded=()
for folder in "${left_out[@]}"; do excluded+=("--exclude=./usr/share/$folder/*"); done
awk '{ print $2 }' <<<"$wanted" | while read -r package; do
  # The guest's /bin, /lib and /sbin are links, which stay.
  dpkg-deb --fsys-tarfile "$cache/archives/$package" |
    tar -x -C "$root" --no-same-owner --preserve-permissions --keep-directory-symlink "${excluded[@]}"
done
# What the guest boots and is reached by is its own; only the commands of busybox give way to those of packages.
mapfile -t own < <(
  printf './usr/sbin/%s\n' init poweroff reboot halt qemu-ga see-identity
  cd "$here/root" && find . -type f
)
tar -x -C "$root" --no-same-owner -f "$tiny/root.tar" "${own[@]}" ./usr/bin/busybox
ln -sf dash "$root/usr/bin/sh"
for file in "${own[@]}"; do [ -L "$root/$file" ] || sed -i '1s|^#!/bin/sh|#!/bin/busybox sh|' "$root/$file"; done

say 'setting them up'
# Confined, and as root of the guest only: what packages have here is run without a network, and sees nothing of this host.
in_guest() {
  bwrap --unshare-all --uid 0 --gid 0 --die-with-parent --new-session --bind "$root" / --dev /dev --proc /proc \
    --clearenv --setenv PATH /usr/sbin:/usr/bin --setenv LC_ALL C -- "$@"
}
[ -e "$root/etc/ld.so.conf" ] || echo 'include /etc/ld.so.conf.d/*.conf' >"$root/etc/ld.so.conf"
in_guest /sbin/ldconfig || fail 'the cache of libraries could not be made'
for line in "${alternatives[@]}"; do
  read -ra words <<<"$line"
  for program in "${words[@]:1}"; do
    # shellcheck disable=SC2086 # a pattern
    found=$(cd "$root/usr/bin" && printf '%s\n' $program | tail -n 1)
    if [ ! -e "$root/usr/bin/${words[0]}" ] || [ "$(readlink "$root/usr/bin/${words[0]}")" = busybox ]; then
      [ ! -e "$root/usr/bin/$found" ] || ln -sf "$found" "$root/usr/bin/${words[0]}"
    fi
  done
done
if [ -e "$root/usr/sbin/update-ca-certificates" ]; then
  (cd "$root/usr/share/ca-certificates" && find . -name '*.crt' | sed 's|^\./||' | sort) >"$root/etc/ca-certificates.conf"
  in_guest /usr/sbin/update-ca-certificates --fresh >/dev/null 2>"$work/words" ||
    fail 'the certificates could not be set up' "$(tail -n 3 "$work/words")"
fi

# JSON of lines without anything that would have to be escaped there.
json_list() { grep -E '^[][A-Za-z0-9._+@=:~-]+$' | sort -u | sed 's/.*/"&"/' | paste -sd, | sed 's/.*/[&]/'; }
programs() {
  find "$root"/usr/{bin,sbin}/ "$root"/usr/local/{bin,sbin}/ ! -type d -printf '%f\n' 2>/dev/null || :
}
libraries() {
  in_guest /sbin/ldconfig -p | sed -nE 's/^\s+(\S+) \(.*x86-64.*/\1/p'
  echo ld-linux-x86-64.so.2
}

used_mib=$(du -sm --apparent-size "$root" | cut -f1)
files=$(find "$root" -printf x | wc -c)
# The blocks of many small files, and the file system's own.
needed_mib=$((used_mib + used_mib / 8 + files / 512 + 24))
[ "$disk_mib" != auto ] || size_mib=$((needed_mib + free_mib))
[ "$disk_mib" = auto ] || size_mib=$disk_mib
[ "$size_mib" -ge "$needed_mib" ] || refuse "the packages need a disk of $needed_mib MiB at the least, and $size_mib were asked for"
say "writing a disk of $size_mib MiB"
# In a namespace in which the builder is root, so that the files belong to root. Without a journal, as the tiny guest's.
bwrap --unshare-user --uid 0 --gid 0 --die-with-parent --dev-bind / / -- \
  mke2fs -q -t ext4 -O ^has_journal -N "$((files + 16384))" -m 0 -L see-guest -E lazy_itable_init=0,root_owner=0:0 \
  -d "$root" "$work/disk.raw" "${size_mib}M" >/dev/null
qemu-img convert -q -O qcow2 "$work/disk.raw" "$work/out/disk.qcow2"
for file in domain.xml resources.json embedded.json; do
  # The schema lies beside the original, not beside the copy.
  sed -e "s|@FOLDER@|$target|g" -e '/"\$schema"/d' "$here/$file" >"$work/out/$file"
done
# A guest keeps its kernel when the tiny one that it was made from is removed.
cp "$tiny/vmlinuz" "$tiny/initrd" "$work/out/"
versions() {
  awk '{ print $2 }' <<<"$wanted" | sed -E 's/%3a/:/g; s/^([^_]+)_([^_]+)_[^_]+$/\1=\2/'
}
cat >"$work/out/manifest.json" <<END
{
  "version": 1,
  "created": "$(date -u +%Y-%m-%dT%H:%M:%SZ)",
  "asked": $(printf '%s\n' "${asked[@]}" | json_list),
  "packages": $(versions | json_list),
  "disk_mib": $size_mib,
  "programs": $(programs | json_list),
  "libraries": $(libraries | json_list)
}
END
chmod 444 "$work"/out/*
find "$cache/archives" -name '*.deb' -atime +90 -delete
rm -rf "$target"
mv -T "$work/out" "$target"
finish
