#!/bin/bash
# A capture with "inbound" in its filter loses the first packet of the device.
#
# Expected: of three datagrams that come in on an idle device, tcpdump's filter "inbound and udp" takes three, as "udp" and
# "-Q in" with "udp" do (pcap-filter(7): inbound is "true if the packet is received by this host").
# Seen: two. libpcap lets the kernel run the filter, but runs it itself on what may be in its buffer from before the filter
# was set, which is always one packet at least; there it does not know the direction and rejects it.
#
# Needs: apt-get, dpkg, unshare, ip, and a host that allows user namespaces. Changes nothing outside of its own.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q tcpdump=4.99.3-1 libpcap0.8=1.10.3-1 >/dev/null 2>&1
for package in ./*.deb; do dpkg -x "$package" root; done
export LD_LIBRARY_PATH="$work/root/usr/lib/x86_64-linux-gnu" TCPDUMP="$work/root/usr/bin/tcpdump"
"$TCPDUMP" --version 2>&1 | head -2

# Not as root there: tcpdump would change its user, which it cannot.
unshare --user --map-user=1000 --map-group=1000 --keep-caps --net bash -eu <<'NAMESPACE'
ip link add in0 type veth peer name out0
for device in in0 out0; do
  echo 1 >/proc/sys/net/ipv6/conf/$device/disable_ipv6
  ip link set $device up
done
ip address add 10.9.9.1/24 dev out0
ip link set in0 address 02:00:00:00:00:01
ip neighbour add 10.9.9.2 lladdr 02:00:00:00:00:01 dev out0

# How many of three datagrams are captured.
count() {
  "$TCPDUMP" -n -i in0 --immediate-mode -U -w trace "$@" 2>log &
  for _ in $(seq 100); do grep -q 'listening on' log && break; sleep 0.05; done
  sleep 0.2
  for _ in 1 2 3; do echo hello >/dev/udp/10.9.9.2/9; sleep 0.1; done
  kill %%
  wait %% || true
  "$TCPDUMP" -n -r trace 2>/dev/null | wc -l
}
plain=$(count udp)
option=$(count -Q in udp)
filter=$(count inbound and udp)
echo "of 3 datagrams: 'udp' $plain, '-Q in udp' $option, 'inbound and udp' $filter"
[ "$plain $option $filter" = "3 3 2" ]
NAMESPACE
