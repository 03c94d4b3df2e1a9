#!/usr/bin/env bash
# The Sleuth Kit: a time of NTFS that does not fit into 32 bits of seconds since 1970 is shown as another one, which is valid.
#
# NTFS counts 100 ns since 1601. Expected: `fls -m` and `istat` show a file's time of 1960 as one before 1970, or as unknown,
# and one of 2120 as it is.
# Seen: both are other times, which look right, without a complaint and with exit code 0: 1960 becomes 2027, since the
# difference to 1970 is taken without a sign before it is cut to 32 bits, and 2120 becomes 1983.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for package in sleuthkit=4.11.1+dfsg-1+b1 libtsk19=4.11.1+dfsg-1+b1 ntfs-3g=1:2022.10.3-1+deb12u3 libntfs-3g89=1:2022.10.3-1+deb12u3; do
  apt-get -qq -o APT::Sandbox::User=root download "$package"
done
for file in ./*.deb; do dpkg-deb --extract "$file" root; done
export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu:$work/root/lib/x86_64-linux-gnu
export PATH=$work/root/usr/bin:$work/root/sbin:$work/root/usr/sbin:$PATH
fls -V

truncate -s 16M image
mkntfs -q -F -s 512 -p 0 -H 1 -S 1 image 2>/dev/null

# The standard information of record 0, the file $MFT, begins with four times; the second is that of the last change.
shown() {
  python3 - "$1" <<'END'
import calendar, struct, sys
with open('image', 'r+b') as image:
    boot = image.read(512)
    bytes_each, sectors_each = struct.unpack_from('<HB', boot, 11)
    (cluster,) = struct.unpack_from('<Q', boot, 48)
    record = cluster * bytes_each * sectors_each
    image.seek(record)
    head = image.read(512)
    (attribute,) = struct.unpack_from('<H', head, 20)
    (content,) = struct.unpack_from('<H', head, attribute + 20)
    seconds = calendar.timegm((int(sys.argv[1]), 1, 1, 0, 0, 0))
    image.seek(record + attribute + content + 8)
    image.write(struct.pack('<Q', (seconds + 11644473600) * 10**7))
END
  TZ=UTC0 fls -m / image | awk -F'|' '$2 ~ /^\/\$MFT$/ { print strftime("%Y", $9) }'
}

for year in 1960 2000 2120; do
  seen=$(shown "$year")
  printf 'written %s, shown %s\n' "$year" "$seen"
  eval "y$year=$seen"
done
[ "$y1960" = 2027 ] && [ "$y2000" = 2000 ] && [ "$y2120" = 1983 ]
