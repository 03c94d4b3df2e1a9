#!/usr/bin/env bash
# libvirt 9.0: `<loader type="pflash">` without `readonly` gives the guest a firmware file that it can write.
#
# Expected: firmware code is what a guest executes, and the documentation names the attribute "readonly" without a default for
# it. Every example has `readonly='yes'`, and a loader of type `rom` is only read, so that leaving it out looks harmless.
# Seen: QEMU opens the file for writing, as with `readonly="no"`, and no second flash is made for the variables: the guest keeps
# them in the file of the code, for every other guest that boots from it as well.
set -euo pipefail

version=9.0.0-4+deb12u2
qemu_version=1:7.2+dfsg-7+deb12u18+b3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# libvirt probes QEMU as a user of its own.
chmod 755 "$work"
cd "$work"
apt-get -qq -o APT::Sandbox::User=root download \
  "libvirt-clients=$version" "libvirt0=$version" "libvirt-daemon-driver-qemu=$version" \
  "qemu-system-x86=$qemu_version" "qemu-system-common=$qemu_version"
for package in ./*.deb; do dpkg-deb --extract "$package" root; done
# Their libraries are those that the installed packages of the same versions depend on.
libraries=$work/root/usr/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH=$libraries LIBVIRT_DRIVER_DIR=$libraries/libvirt/connection-driver
export PATH=$work/root/usr/bin:$PATH QEMU_MODULE_DIR=$libraries/qemu
virsh --version
truncate -s 1M code.fd

# Whether QEMU gets the flash's file read-only, where the loader has these attributes.
read_only() {
  cat >domain.xml <<XML
<domain type="qemu"><name>guest</name><memory unit="MiB">64</memory><features><acpi/></features>
<os><type arch="x86_64" machine="q35">hvm</type><loader type="pflash" $1>$work/code.fd</loader></os></domain>
XML
  virsh --connect "qemu:///embed?root=$work/embed" domxml-to-native qemu-argv domain.xml |
    sed -n 's/.*"node-name":"libvirt-pflash0-format","read-only":\([a-z]*\).*/\1/p'
}
unsaid=$(read_only '')
no=$(read_only 'readonly="no"')
yes=$(read_only 'readonly="yes"')
printf 'no attribute:   read-only %s\nreadonly="no":  read-only %s\nreadonly="yes": read-only %s\n' "$unsaid" "$no" "$yes"
[ "$unsaid" = false ] && [ "$no" = false ] && [ "$yes" = true ]
