#!/bin/bash
# tshark gives every DNS record a name by the field dns.resp.name, but not records of type SRV.
#
# Expected: a response with an SRV and an A record has two values of dns.resp.name, as it has two of dns.resp.type and
# dns.resp.len, so that the three can be read side by side.
# Seen: two types and lengths, one name, that of the second record. The name of an SRV record is in dns.srv.service,
# dns.srv.proto and dns.srv.name only, so that names and types read side by side belong to different records.
#
# Needs: apt-get, dpkg, perl.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
release=4.0.17-0+deb12u3
apt-get download -q tshark=$release wireshark-common=$release libwireshark16=$release libwiretap13=$release \
  libwsutil14=$release libwireshark-data=$release >/dev/null 2>&1
for package in ./*.deb; do dpkg -x "$package" root; done
export LD_LIBRARY_PATH="$work/root/usr/lib/x86_64-linux-gnu:$work/root/usr/lib/x86_64-linux-gnu/wireshark"
export HOME="$work"
"$work/root/usr/bin/tshark" --version 2>/dev/null | head -1

perl -e '
  sub name { join("", map { chr(length) . $_ } split /\./, $_[0]) . "\0" }
  sub record { my ($name, $type, $data) = @_; name($name) . pack("n n N n", $type, 1, 60, length $data) . $data }
  my $message = pack("n6", 1, 0x8180, 1, 2, 0, 0) . name("_sip._tcp.a.example") . pack("n2", 33, 1)
    . record("_sip._tcp.a.example", 33, pack("n3", 1, 2, 5060) . name("b.example"))
    . record("c.example", 1, pack("C4", 192, 0, 2, 1));
  my $udp = pack("n4", 53, 4000, 8 + length $message, 0) . $message;
  my $ip = pack("C C n n n C C n C4 C4", 0x45, 0, 20 + length $udp, 0, 0x4000, 64, 17, 0, 10, 9, 0, 1, 10, 9, 0, 2) . $udp;
  my $frame = "\2\0\0\0\0\1\2\0\0\0\0\2" . pack("n", 0x0800) . $ip;
  print pack("V v v V4", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1), pack("V4", 1, 0, length $frame, length $frame), $frame;
' >response.pcap
seen=$("$work/root/usr/bin/tshark" -n -r response.pcap -T fields -E separator=' ' \
  -e dns.resp.type -e dns.resp.name -e dns.srv.name 2>/dev/null)
echo "types, names, SRV's own name: $seen"
[ "$seen" = '33,1 c.example a.example' ]
