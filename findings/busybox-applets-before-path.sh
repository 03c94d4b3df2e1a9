#!/usr/bin/env bash
# Debian's busybox-static: its shell runs an applet of its own and not the program of that name in PATH.
#
# Expected: `sync` in `busybox sh -c 'sync; …'` is looked for in PATH, as in every other shell, so that a script that is put
# there in the place of a link to busybox is run.
# Seen: the applet is run (the shell is built with FEATURE_SH_STANDALONE and prefers applets); only a path with a slash, or a
# name that busybox has no applet of, reaches the script. A guest of busybox cannot be given another `sync`, `reboot` or
# `poweroff` by replacing a file, unless it is called by its path.
set -euo pipefail

package=busybox-static version=1:1.35.0-4+deb12u1+b1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get -qq -o APT::Sandbox::User=root download "$package=$version"
dpkg-deb --extract ./*.deb root
busybox=$work/root/bin/busybox
[ -e "$busybox" ] || busybox=$work/root/usr/bin/busybox
"$busybox" | sed -n 1p

mkdir programs
for name in sync not-an-applet; do
  printf '#!/bin/sh\necho the script\n' >"programs/$name"
  chmod 755 "programs/$name"
done
export PATH=$work/programs:$PATH
by_name=$("$busybox" sh -c 'sync && echo nothing said')
by_path=$("$busybox" sh -c "$work/programs/sync")
other=$("$busybox" sh -c 'not-an-applet')
printf 'sync by name:  %s\nsync by path:  %s\nno applet:     %s\n' "$by_name" "$by_path" "$other"
[ "$by_name" = 'nothing said' ] && [ "$by_path" = 'the script' ] && [ "$other" = 'the script' ]
