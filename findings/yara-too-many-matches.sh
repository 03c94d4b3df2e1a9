#!/bin/sh
# YARA: a rule that is wrong about a file is no error.
#
# Expected: where a string matches more than 1,000,000 times, so that a rule that counts its matches cannot be evaluated,
# the scan fails, or says of which file the results are not to be relied on.
# Reality: the count stops at 1,000,000. The rule below holds for the file and is not reported, the exit code is 0, and the
# only trace is a warning on standard error that names the rule and the string but no file; the option -w hides it.
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

echo 'rule counts { strings: $a = "ab" condition: #a > 1200000 }' >rules.yar
awk 'BEGIN { for (i = 0; i < 1500000; i++) printf "ab" }' >many

code=0
"$yara" rules.yar many >out 2>err || code=$?
echo "exit code $code, standard output: '$(cat out)'"
cat err
quiet=$("$yara" -w rules.yar many 2>&1)
echo "with -w: '$quiet'"

[ "$code" -eq 0 ]
[ ! -s out ]
grep -q 'rule "counts": too many matches for $a' err
! grep -q 'many$' err
[ -z "$quiet" ]
echo 'YARA reported a wrong result with exit code 0'
