#!/usr/bin/env bash
# The Sleuth Kit's fls -r (4.11.1) leaves out what lies in more than 128 directories, without a word.
#
# Expected: a recursive listing has every file, or fls says that it stopped (a message, or an exit code other than 0). A
# listing that ends early without either looks like a file system with fewer files.
# Reality: of a file in each of 200 nested directories of ext4, the first 128 are listed; nothing is on standard error, and
# the exit code is 0. Listing the directory at which it stopped by its inode goes on from there.
#
# Ends with 0 while that is so, and with 1 when it has changed.
set -euo pipefail

packages=(
  sleuthkit=4.11.1+dfsg-1+b1 libtsk19=4.11.1+dfsg-1+b1 libafflib0v5=3.7.20-1 libbfio1=20170123-6
  libewf2=20140813-1+b1 libvhdi1=20210425-1+b2 libvmdk1=20200926-2+b2
  e2fsprogs=1.47.0-2+b2 libext2fs2=1.47.0-2+b2
)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get -qq -o APT::Sandbox::User=root download "${packages[@]}"
for package in *.deb; do dpkg -x "$package" root; done
export PATH=$work/root/usr/bin:$work/root/sbin:$work/root/usr/sbin:$PATH
LD_LIBRARY_PATH=$work/root/usr/lib/$(uname -m)-linux-gnu:$work/root/lib/$(uname -m)-linux-gnu
export LD_LIBRARY_PATH

mkdir tree
(cd tree && for level in $(seq 200); do
  mkdir d
  cd d
  echo "$level" >"file$level"
done)
truncate -s 16M disk
mke2fs -q -t ext4 -d tree disk

fls -V
code=0
fls -r -p -m / disk >listing 2>errors || code=$?
files=$(grep -c '/file' listing || true)
inode=$(awk -F'|' '{ depth = gsub("/", "/", $2); if (depth > most && $2 ~ /d$/) { most = depth; inode = $3 } } END { print inode }' listing)
behind=$(fls -r -p -m / disk "$inode" | grep -c '/file' || true)
echo "exit code $code, $(wc -c <errors) bytes on standard error"
echo "$files of 200 files are listed; from the directory of inode $inode on there are $behind more"
[ "$code" -eq 0 ] && [ ! -s errors ] && [ "$files" -lt 200 ] && [ "$behind" -gt 0 ]
