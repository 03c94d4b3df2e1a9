#!/bin/sh
# A host of its own on this one: mounts, network, processes, IPC, name and control groups, with a libvirtd and a virtlogd
# inside. It ends when its standard input does, and then nothing of it is left. For root.
#   laboratory.sh create NAME SIZE STORE SHARED...   SIZE is that of each covered folder, STORE that of /var/lib/see;
#                                                    SHARED folders stay as they are
#   laboratory.sh enter NAME COMMAND...        for nsenter, so that the command is in the laboratory's control groups
# It prints "ready PID": the process whose namespaces its users enter.
set -eu

covered='/run /tmp /var/tmp /var/lib/see /var/lib/libvirt /etc/libvirt /var/cache/libvirt /var/log/libvirt /dev/shm'

# The control groups of version 1 that this process is in, one line "controllers folder" each.
groups() {
  while IFS=: read -r _ controllers path; do
    folder=/sys/fs/cgroup/${controllers#name=}
    [ -z "$controllers" ] || [ ! -d "$folder" ] || echo "$controllers $folder${path%/}"
  done </proc/self/cgroup
}

create() {
  name=$1
  groups | while read -r _ folder; do
    mkdir "$folder/$name"
    for file in cpuset.cpus cpuset.mems; do
      [ ! -e "$folder/$file" ] || cat "$folder/$file" >"$folder/$name/$file"
    done
  done
  sh "$0" begin "$@" || :
  groups | while read -r _ folder; do
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      find "$folder/$name" -depth -type d -exec rmdir {} + 2>/dev/null || :
      [ -d "$folder/$name" ] || break
      sleep 0.2
    done
  done
}

begin() {
  join "$1"
  exec unshare --mount --net --pid --ipc --uts --cgroup --fork --kill-child sh "$0" inside "$@"
}

# Puts this process into the laboratory's groups.
join() {
  groups | while read -r _ folder; do
    [ ! -d "$folder/$1" ] || echo $$ >"$folder/$1/cgroup.procs"
  done
}

inside() {
  name=$1 size=$2 store=$3
  shift 3
  # The process id that others know is in the mount of /proc that is about to be covered.
  pid=$(cut -d ' ' -f 4 /proc/self/stat)
  mount --make-rprivate /
  for folder in $covered; do
    [ -d "$folder" ] || continue
    # Others' mounts in it would go when they remove what they are mounted on.
    cut -d ' ' -f 2 /proc/self/mounts | grep "^$folder/" | sort -r | while read -r each; do
      umount --lazy "$each"
    done
    room=$size
    [ "$folder" != /var/lib/see ] || room=$store
    mount -t tmpfs -o "size=$room,mode=$(stat -c %a "$folder")" laboratory /mnt
    for shared in "$@"; do
      case $shared in "$folder"/*)
        mkdir -p "/mnt${shared#"$folder"}"
        mount --rbind "$shared" "/mnt${shared#"$folder"}"
        ;;
      esac
    done
    case $folder in
      /etc/libvirt | /var/cache/libvirt) cp -a "$folder/." /mnt ;;
      /var/lib/libvirt)
        for each in boot dnsmasq images qemu swtpm; do
          mkdir "/mnt/$each"
          chmod --reference "$folder/$each" "/mnt/$each"
          chown --reference "$folder/$each" "/mnt/$each"
        done
        ;;
      # Without the second, mount(8) fails.
      /run) mkdir -m 1777 /mnt/lock && mkdir /mnt/mount ;;
    esac
    mount --move /mnt "$folder"
  done
  # What the other daemon has is not for this one.
  find /etc/libvirt/qemu /etc/libvirt/lxc /etc/libvirt/storage /etc/libvirt/nwfilter -mindepth 1 -delete
  [ ! -d /var/cache/see ] || mount --bind -o ro /var/cache/see /var/cache/see
  mount -t proc proc /proc
  controllers=$(groups)
  # Also from the list of mounts: libvirt takes the hybrid hierarchy of version 2 for one that it can use.
  umount --recursive --lazy /sys/fs/cgroup
  mount -t sysfs sysfs /sys
  mount -t tmpfs tmpfs /sys/fs/cgroup
  echo "$controllers" | while read -r each folder; do
    at=/sys/fs/cgroup/${each#name=}
    mkdir -p "$at"
    mount -t cgroup -o "$each" cgroup "$at"
  done
  hostname "$name"
  ip link set lo up
  cat >/etc/libvirt/laboratory.conf <<END
unix_sock_group = "root"
auth_unix_ro = "none"
auth_unix_rw = "none"
log_outputs = "3:file:/var/log/libvirt/libvirtd.log"
END
  daemons
  echo "ready $pid"
  # The first process has to reap what others leave; its end is that of all.
  exec tini -s -- cat
}

# Starts the daemons that do not run.
daemons() {
  runs virtlogd || virtlogd -d </dev/null >/dev/null 2>&1
  runs libvirtd || setsid libvirtd -d --config /etc/libvirt/laboratory.conf </dev/null >/dev/null 2>&1
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    virsh -c qemu:///system version >/dev/null 2>&1 && return
    sleep 0.1
  done
  echo 'the laboratory has no libvirtd' >&2
  return 1
}

runs() {
  kill -0 "$(cat "/run/$1.pid" 2>/dev/null || echo none)" 2>/dev/null
}

enter() {
  # Entering a namespace of mounts leads to the root; programs find their packages from here.
  cd "${0%/*}/../../.."
  # In a namespace of control groups, a process from outside is seen above its root.
  for folder in /sys/fs/cgroup/*; do echo $$ >"$folder/cgroup.procs"; done
  exec "$@"
}

"$@"
