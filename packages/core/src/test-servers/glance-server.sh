#!/bin/sh
# Starts OpenStack Keystone and Glance: loopback, sqlite, all state in a folder.
# Usage: glance-server.sh FOLDER KEYSTONE-PORT GLANCE-PORT
# Runs until its standard input ends, then ends the servers. User and project: admin; password: secret.
set -eu
root=$1 keystone_port=$2 glance_port=$3
keystone=http://127.0.0.1:$keystone_port glance=http://127.0.0.1:$glance_port
mkdir -p "$root/policy.d" "$root/images" "$root/tasks"
mkdir -m 700 "$root/fernet" "$root/credential"
cd "$root"

cat >keystone.conf <<END
[DEFAULT]
log_file = $root/keystone.log
[database]
connection = sqlite:///$root/keystone.sqlite
[token]
provider = fernet
[fernet_tokens]
key_repository = $root/fernet
[fernet_receipts]
key_repository = $root/fernet
[credential]
key_repository = $root/credential
[identity]
password_hash_rounds = 4
[oslo_policy]
policy_dirs = $root/policy.d
END

cat >glance.conf <<END
[DEFAULT]
bind_host = 127.0.0.1
bind_port = $glance_port
workers = 0
log_file = $root/glance.log
enabled_backends = fs:file
node_staging_uri = file://$root/tasks
[glance_store]
default_backend = fs
[fs]
filesystem_store_datadir = $root/images
[os_glance_staging_store]
filesystem_store_datadir = $root/tasks/staging
[os_glance_tasks_store]
filesystem_store_datadir = $root/tasks/work
[database]
connection = sqlite:///$root/glance.sqlite
[keystone_authtoken]
www_authenticate_uri = $keystone
auth_url = $keystone
auth_type = password
username = admin
password = secret
project_name = admin
user_domain_id = default
project_domain_id = default
[paste_deploy]
flavor = keystone
config_file = /usr/share/glance-common/glance-api-paste.ini
[oslo_policy]
policy_dirs = $root/policy.d
END

keystone_manage() { keystone-manage --config-file "$root/keystone.conf" "$@"; }
glance-manage --config-file "$root/glance.conf" db sync >glance-manage.log 2>&1 &
glance_database=$!
{
  keystone_manage db_sync
  keystone_manage fernet_setup --keystone-user "$(id -un)" --keystone-group "$(id -gn)"
  keystone_manage bootstrap --bootstrap-password secret --bootstrap-region-id one \
    --bootstrap-public-url "$keystone/v3" --bootstrap-internal-url "$keystone/v3" --bootstrap-admin-url "$keystone/v3"
} >keystone-manage.log 2>&1
wait "$glance_database"

OS_KEYSTONE_CONFIG_FILES=$root/keystone.conf \
  keystone-wsgi-public -b 127.0.0.1 -p "$keystone_port" >keystone-out.log 2>&1 </dev/null &
pids=$!
glance-api --config-file "$root/glance.conf" >glance-out.log 2>&1 </dev/null &
pids="$pids $!"
cat >/dev/null
# shellcheck disable=SC2086 # one word a process
kill $pids
wait
