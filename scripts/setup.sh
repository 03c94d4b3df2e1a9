#!/usr/bin/env bash
# Makes a Debian machine ready for SEE: installs the Debian packages that it needs and sees to it that a libvirt daemon
# answers at qemu:///system and lxc:///system, for root and for the user who calls this. Run it as root, or as an
# ordinary user who may use sudo. It changes nothing, and takes a moment only, when everything is there already. With
# --tests it also installs the servers that only tests need (a minute and 250 MB more); none of them is started.
set -euo pipefail

# e2fsprogs builds the tiny guest, busybox-static the tests' containers; acl opens the daemon's socket to a user without a
# new login. nftables keeps guests from the host's networks, tcpdump traces a guest's own, tshark reads the trace,
# bubblewrap confines what reads evidence, yara scans it. sleuthkit reads what a guest left on its disk, of
# which qemu-system-common makes a raw file; file reports its type. p7zip-full and those behind it unpack samples. tini is
# the parent of libvirtd without systemd.
packages=(
  qemu-system-x86 qemu-utils
  libvirt-daemon-system libvirt-daemon-driver-lxc libvirt-clients
  dnsmasq-base iproute2 iptables nftables
  tcpdump tshark bubblewrap yara
  sleuthkit file qemu-system-common
  e2fsprogs acl busybox-static tini
  p7zip-full bzip2 xz-utils zstd
)
# Keystone and Glance, and Swift for its S3 interface: tests start their own, with configurations of their own. libvirt's
# driver for VirtualBox says that there is none. The last lines make disks like those of Windows, with partitions, NTFS
# and registries, disks that The Sleuth Kit does not read, machines with UEFI and a TPM as virt-install has them, and a
# Debian guest. Chromium opens reports.
test_packages=(
  keystone glance-api
  swift-proxy swift-account swift-container swift-object
  openssl
  libvirt-daemon-driver-vbox
  fdisk ntfs-3g libwin-hivex-perl openssh-client
  xfsprogs btrfs-progs attr libcap2-bin
  zsh fish groff-base mmdebstrap mtools
  ovmf swtpm swtpm-tools virtinst
  chromium-headless-shell fonts-dejavu-core
)
policy=/usr/sbin/policy-rc.d
uris=(qemu:///system lxc:///system)
libvirtd_configuration=/etc/see/libvirtd.conf
libvirtd_log=/var/log/libvirt/libvirtd.log
socket=/run/libvirt/libvirt-sock

say() { printf 'setup: %s\n' "$*"; }
fail() {
  printf 'setup: error: %s\n' "$1" >&2
  shift
  for line; do printf 'setup:   %s\n' "$line" >&2; done
  exit 1
}

# Debian leaves these folders out of an ordinary user's PATH.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# The user who is to use the daemon: no other user needs admitting when root calls.
user=$(id -un)
[ "$user" != root ] || user=${SUDO_USER:-root}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

need_root() {
  [ "$(id -u)" -ne 0 ] || return 0
  local advice="run this script as root, or have root run: apt-get install sudo && adduser $user sudo"
  command -v sudo >/dev/null || fail "this needs root rights ($1), and sudo is not installed" "$advice"
  sudo true || fail "this needs root rights ($1), and sudo does not grant them to $user" "$advice"
}

as_user() {
  if [ "$user" = "$(id -un)" ]; then "$@"; else runuser -u "$user" -- "$@"; fi
}

# A hanging daemon must not hang the set-up. virsh reports its errors in the user's language.
answer() { as_user env LC_ALL=C timeout 15 virsh --connect "$1" uri 2>&1; }
all_answer() {
  local uri
  for uri in "${uris[@]}"; do answer "$uri" >/dev/null || return 1; done
}

missing_of() {
  # A package that was removed is still known to dpkg: only "install ok installed" counts.
  printf '%s\n' "$@" | grep -vxF -f <(
    dpkg-query --show --showformat '${Package} ${Status}\n' "$@" 2>/dev/null |
      sed -n 's/ install ok installed$//p'
  ) || true
}

install_packages() {
  local missing
  missing=$(missing_of "$@")
  [ -n "$missing" ] || return 0
  need_root "installing ${missing//$'\n'/ }"
  say "installing ${missing//$'\n'/ }"
  local log
  log=$(mktemp)
  # shellcheck disable=SC2086 # one word a package
  if ! { as_root apt-get update && as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --no-install-recommends $missing; } >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    fail "apt-get could not install ${missing//$'\n'/ }" \
      "its last words stand above; check /etc/apt/sources.list and the network, then run this script again"
  fi
  rm -f "$log"
}

# Debian starts a server when it is installed, unless a policy forbids it, and at every boot from then on.
install_test_packages() {
  [ -n "$(missing_of "${test_packages[@]}")" ] || return 0
  need_root 'installing servers without starting them'
  if [ ! -e "$policy" ]; then
    trap 'as_root rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
  fi
  local had_tss=no
  if id -u tss >/dev/null 2>&1; then had_tss=yes; fi
  install_packages "${test_packages[@]}"
  if [ "$had_tss" = no ]; then stop_daemon; fi
  if has_systemd; then
    dpkg -L "${test_packages[@]}" | sed -n 's|.*/\([^/]*\.service\)$|\1|p' | sort -u |
      as_root xargs -r systemctl disable --quiet
  fi
}

has_systemd() { [ -d /run/systemd/system ]; }

# Without systemd there is no polkit either, so the daemon is given a configuration of our own, in which the socket's
# owner and mode say who may use it. The distribution's file stays as it is.
write_configuration() {
  local wanted
  wanted="# Written by SEE's scripts/setup.sh, for machines without systemd.
unix_sock_group = \"libvirt\"
unix_sock_rw_perms = \"0770\"
auth_unix_ro = \"none\"
auth_unix_rw = \"none\"
log_outputs = \"3:file:$libvirtd_log\""
  [ "$(cat "$libvirtd_configuration" 2>/dev/null)" != "$wanted" ] || return 0
  say "writing $libvirtd_configuration"
  as_root mkdir -p "${libvirtd_configuration%/*}" "${libvirtd_log%/*}"
  printf '%s\n' "$wanted" | as_root tee "$libvirtd_configuration" >/dev/null
}

# name pid-file: the pid file outlives a killed daemon, and its number may be another process's by now.
is_running() {
  local pid
  pid=$(cat "$2" 2>/dev/null) && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ]
}

# Guests run on without the daemon, and what follows starts it again.
stop_daemon() {
  if has_systemd; then
    as_root systemctl stop --quiet libvirtd.service
  elif is_running libvirtd /run/libvirtd.pid; then
    say 'stopping libvirtd: it has to look for tss, the user of its TPM emulators, again'
    local pid deadline=$((SECONDS + 30))
    pid=$(cat /run/libvirtd.pid)
    as_root kill "$pid"
    while is_running libvirtd /run/libvirtd.pid && [ "$SECONDS" -lt "$deadline" ]; do sleep 0.1; done
  fi
}

await_answer() {
  local deadline=$((SECONDS + 30))
  until as_root virsh --connect qemu:///system uri >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

start_by_hand() {
  write_configuration
  if ! is_running virtlogd /run/virtlogd.pid; then
    say 'starting virtlogd'
    as_root virtlogd -d || fail 'virtlogd does not start' "its own words stand above"
  fi
  if ! is_running libvirtd /run/libvirtd.pid; then
    # libvirtd lets go of each QEMU that it starts, and at its end waits until it has been reaped. The machine's first
    # process may do so seconds later, or, in a container, never; tini does so immediately.
    local start=(tini -s -- libvirtd --config "$libvirtd_configuration")
    if [ -d /sys/fs/cgroup/unified ]; then
      # On a host with hybrid cgroups libvirt picks the wrong hierarchy for containers ("Unable to create directory
      # /sys/fs/cgroup/unified"), so the daemon gets a mount namespace in which that one is not there.
      # shellcheck disable=SC2016 # "$@" is for the inner shell
      start=(unshare --mount --propagation slave
        sh -c 'umount -l /sys/fs/cgroup/unified; exec "$@"' sh "${start[@]}")
    fi
    say 'starting libvirtd'
    as_root sh -c 'setsid "$@" </dev/null >/dev/null 2>&1 &' sh "${start[@]}"
    await_answer || fail 'libvirtd does not start' "see $libvirtd_log"
  fi
}

start_with_systemd() {
  say 'starting libvirtd by systemd'
  # The socket starts the daemon on demand and survives a reboot.
  as_root systemctl enable --quiet --now virtlogd.socket libvirtd.socket ||
    fail 'systemd could not start libvirtd.socket' 'see: systemctl status libvirtd.socket libvirtd.service'
}

# libvirt looks for tss, the user of its TPM emulators, once, at its start, and takes root where there is none yet. What
# root leaves in the emulators' certificate authority then fails every emulator of tss. An ordinary user may not look
# into the authority's folder, and is asked for no password for it.
let_tss_run_tpms() {
  local authority=/var/lib/swtpm-localca
  if [ ! -d "$authority" ] || ! id -u tss >/dev/null 2>&1; then return 0; fi
  look_as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo --non-interactive "$@"; fi 2>/dev/null; }
  if [ -n "$(look_as_root find "$authority" -mindepth 1 ! -user tss -print -quit)" ]; then
    say "giving what is in $authority to tss"
    as_root find "$authority" -mindepth 1 ! -user tss -exec chown --no-dereference tss: {} +
  fi
}

# Where no udev gives /dev/kvm to its group, libvirt sees the device work for root and not for QEMU's user, takes its
# record of QEMU's abilities for out of date, and probes QEMU again, for seconds, at every call.
give_kvm_to_its_group() {
  if has_systemd || [ ! -c /dev/kvm ] || [ "$(stat -c %G:%a /dev/kvm)" = kvm:660 ]; then return; fi
  need_root 'giving /dev/kvm to the group kvm'
  say 'giving /dev/kvm to the group kvm'
  if ! { as_root chgrp kvm /dev/kvm && as_root chmod 660 /dev/kvm; }; then
    say 'warning: that failed; libvirt may be slow'
  fi
}

# Group membership counts from the next login on; an entry on the socket counts now and as long as the daemon runs.
admit_user() {
  if [ "$user" = root ]; then return; fi
  if ! id -nG "$user" | grep -qw libvirt; then
    say "adding $user to the group libvirt"
    as_root usermod --append --groups libvirt "$user"
  fi
  if ! answer qemu:///system >/dev/null && [ -S "$socket" ]; then
    say "opening $socket to $user"
    as_root setfacl --modify "user:$user:rw" "$socket"
  fi
}

command -v apt-get >/dev/null ||
  fail 'apt-get is missing: this script sets up Debian and its relatives only' \
    "elsewhere install the like of ${packages[*]} yourself and start libvirtd"

install_packages "${packages[@]}"
if [ "${1:-}" = --tests ]; then install_test_packages; fi
let_tss_run_tpms
give_kvm_to_its_group
if ! all_answer; then
  need_root 'starting libvirtd'
  if has_systemd; then start_with_systemd; else start_by_hand; fi
  admit_user
fi
for uri in "${uris[@]}"; do
  reason=$(answer "$uri") ||
    fail "no answer for $user at $uri: ${reason//$'\n'/ }" \
      "if libvirtd was started by other means, stop it and run this script again: it starts the daemon such that members" \
      "of the group libvirt may use it; otherwise see $libvirtd_log"
done
say "ready: ${uris[*]} answer for $user"
