#!/bin/sh
# Starts OpenStack Swift with its S3 interface: loopback, one replica, all state in a folder.
# Usage: swift-server.sh FOLDER PROXY-PORT ACCOUNT-PORT CONTAINER-PORT OBJECT-PORT
# Runs until its standard input ends, then ends the servers. User and key: see:admin, secretkey.
set -eu
root=$1 proxy_port=$2
mkdir -p "$root/etc" "$root/srv/sda1"
cd "$root/etc"

cat >swift.conf <<END
[swift-hash]
swift_hash_path_prefix = see
swift_hash_path_suffix = see
[storage-policy:0]
name = default
default = yes
END

server() {
  swift-ring-builder "$1.builder" create 4 1 0 >/dev/null
  swift-ring-builder "$1.builder" add "r1z1-127.0.0.1:$2/sda1" 1 >/dev/null
  swift-ring-builder "$1.builder" rebalance >/dev/null
  cat >"$1.conf" <<END
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $2
workers = 0
user = $(id -un)
swift_dir = $root/etc
devices = $root/srv
mount_check = false
log_address = /dev/null
fallocate_reserve = 0
disable_fallocate = true
[pipeline:main]
pipeline = $1-server
[app:$1-server]
use = egg:swift#$1
END
}
server account "$3" &
server container "$4" &
server object "$5" &
wait

cat >proxy.conf <<END
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $proxy_port
workers = 0
user = $(id -un)
swift_dir = $root/etc
log_address = /dev/null
[pipeline:main]
pipeline = catch_errors cache s3api tempauth bulk slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
s3_acl = false
min_segment_size = 5242880
[filter:tempauth]
use = egg:swift#tempauth
user_see_admin = secretkey .admin .reseller_admin
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
END

export SWIFT_TEST_CONFIG_FILE="$root/etc/swift.conf"
pids=
for name in account container object proxy; do
  "swift-$name-server" "$root/etc/$name.conf" >"$root/$name.log" 2>&1 </dev/null &
  pids="$pids $!"
done
cat >/dev/null
# shellcheck disable=SC2086 # one word a process
kill $pids
wait
