# What the builders of guests share: messages, the cache, apt's lists. It is sourced; `here` is the folder of the builders.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # mke2fs and debugfs, which Debian keeps from ordinary users' PATH
export LC_ALL=C

say() { printf 'guest: %s\n' "$*" >&2; }
fail() {
  printf 'guest: error: %s\n' "$1" >&2
  shift
  for line; do printf 'guest:   %s\n' "$line" >&2; done
  exit 1
}

require_tools() {
  local tool
  [ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] || fail 'the tiny guest is built on Debian for amd64 only'
  for tool; do
    command -v "$tool" >/dev/null || fail "$tool is missing" 'run scripts/setup.sh first'
  done
}

# A home may be closed to others, QEMU's user among them, and so may $XDG_CACHE_HOME; /var/tmp never is.
find_cache() {
  if [ -n "${SEE_GUEST_CACHE-}" ]; then
    cache=$SEE_GUEST_CACHE
  elif [ "$(id -u)" -eq 0 ]; then
    cache=/var/cache/see/guest
  else
    cache=/var/tmp/see-$(id -u)/guest
    # In a folder where every user may create files, the name could be another user's trap.
    mkdir -p "${cache%/*}"
    if [ -L "${cache%/*}" ] || [ ! -O "${cache%/*}" ]; then
      fail "${cache%/*} belongs to another user" 'remove it, or set SEE_GUEST_CACHE to a folder of yours that others may read'
    fi
  fi
  mkdir -p "$cache"
  cache=$(cd "$cache" && pwd -P)
  # For what is half-made: a folder in the cache that SEE removes should this be killed, or else the cache itself.
  scratch=${SEE_GUEST_WORK:-$cache}
  # apt's own lists may be absent or out of date, and only root may renew those; so there can be lists of ours beside.
  lists=$cache/apt
  apt=()
}
use_own_lists() {
  apt=(-o "Dir::State::Lists=$lists/lists" -o "Dir::Cache=$lists/cache")
}
renew_own_lists() {
  local new
  say 'fetching the lists of packages'
  # Those that are there stay until newer ones are complete.
  new=$(mktemp -d "$scratch/.build-lists-XXXXXXXX")
  mkdir -p "$new/lists/partial" "$new/cache/archives/partial"
  apt-get -o "Dir::State::Lists=$new/lists" -o "Dir::Cache=$new/cache" -o APT::Sandbox::User= \
    -o APT::Update::Error-Mode=any -qq update >&2 || {
    rm -rf "$new"
    fail 'apt-get could not fetch the lists of packages' 'check /etc/apt/sources.list and the network'
  }
  rm -rf "$lists"
  mv -T "$new" "$lists"
  use_own_lists
}
