#!/bin/sh
# YARA: files of a list that could not be scanned do not change the exit code.
#
# Expected: a scan of a list of files that leaves out one of them exits with another code than 0.
# Reality: it exits with 0; a line on standard error, "error scanning NAME: could not open file", is all. Scanning the same
# file without a list exits with 1.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q yara=4.2.3-4 libyara9=4.2.3-4 >/dev/null 2>&1
for package in ./*.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$(dirname "$(find root -name 'libyara.so.9' | head -n 1)")
export LD_LIBRARY_PATH
yara=root/usr/bin/yara
"$yara" --version

echo 'rule marker { strings: $a = "MARK" condition: $a }' >rules.yar
echo MARK >there
printf 'there\nmissing\n' >list

code=0
"$yara" --scan-list rules.yar list >out 2>err || code=$?
echo "with a list: exit code $code"
cat out err
single=0
"$yara" rules.yar missing >/dev/null 2>&1 || single=$?
echo "alone: exit code $single"

[ "$code" -eq 0 ]
grep -qx 'marker there' out
grep -qx 'error scanning missing: could not open file' err
[ "$single" -eq 1 ]
echo 'YARA left a file out with exit code 0'
