#!/bin/sh
# 7z of p7zip-full lists RAR among its formats, and has no codec for it.
#
# `7z i` names Rar and Rar5. Expected: archives of these formats are unpacked, or the formats are missing from the list.
# Real: Debian's build has the part that reads the containers and none of the decoders (40301 to 40305), so an archive is
# listed as always, a member that is only stored is unpacked, and one that is compressed, as nearly all are, is an
# unsupported method. Who looks for "Rar" in the list to know whether RAR can be unpacked, is wrong.
#
# Run as an ordinary user on Debian 12 with python3; downloads one package into a temporary folder and removes it.
set -eu

package=p7zip-full=16.02+really26.02+dfsg-0+deb12u1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download "$package" >/dev/null 2>&1
dpkg -x p7zip-full_*.deb .
seven_zip=$folder/usr/lib/p7zip/7z
"$seven_zip" i >information
grep -o '^7-Zip .* [0-9][0-9.]* :' information

formats=$(sed -n '/^Formats:/,/^$/p' information | awk '$3 ~ /^Rar5?$/ { print $3 }')
codecs=$(sed -n '/^Codecs:/,/^$/p' information | awk '$3 ~ /^4030[1-5]$/ || tolower($0) ~ /rar/')
printf 'formats: %s\n' "$(echo "$formats" | paste -sd ' ')"
printf 'codecs for them: %s\n' "${codecs:-none}"

# A RAR archive of version 4 with one member, which is stored.
python3 - >stored.rar <<'PYTHON'
import struct, sys, zlib
content, name = b"stored\n", b"stored.txt"
def block(kind, flags, rest):
    body = struct.pack("<BHH", kind, flags, 7 + len(rest)) + rest
    return struct.pack("<H", zlib.crc32(body) & 0xFFFF) + body
member = struct.pack("<IIBIIBBHI", len(content), len(content), 3, zlib.crc32(content), 0, 20, 0x30, len(name), 0o100644)
archive = b"Rar!\x1a\x07\0" + block(0x73, 0, bytes(6)) + block(0x74, 0x8000, member + name) + content
sys.stdout.buffer.write(archive + block(0x7B, 0x4000, b""))
PYTHON
"$seven_zip" x -bd -y stored.rar >/dev/null
printf 'a stored member is unpacked: %s\n' "$(cat stored.txt)"

test "$(echo "$formats" | paste -sd ' ')" = 'Rar Rar5'
test -z "$codecs"
test "$(cat stored.txt)" = stored
