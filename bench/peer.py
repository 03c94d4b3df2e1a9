"""Boots the tiny guest through python3-libvirt and takes everything away again; prints milliseconds as JSON."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import uuid

import libvirt
import libvirt_qemu

NETWORK = """<network xmlns:dnsmasq="http://libvirt.org/schemas/network/dnsmasq/1.0">
  <name>{0}</name><forward mode="nat"/><bridge name="virbr-{1}" stp="off" delay="0"/>
  <ip address="10.216.0.1" prefix="24"><dhcp><range start="10.216.0.2" end="10.216.0.254"/></dhcp></ip>
  <dnsmasq:options><dnsmasq:option value="no-ping"/></dnsmasq:options></network>"""


def main(guest: str) -> None:
    name = str(uuid.uuid4())
    libvirt.registerErrorHandler(lambda *_: None, None)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        disk = os.path.join(folder, "disk.qcow2")
        with open(os.path.join(guest, "domain.xml")) as file:
            xml = file.read()
        xml = re.sub("<name>.*</name>", f"<name>{name}</name>", xml)
        xml = re.sub('<source file="[^"]*"', f'<source file="{disk}"', xml)
        xml = xml.replace('<source network="default"/>', f'<source network="{name}"/>')
        start = time.perf_counter()
        connection = libvirt.open("qemu:///system")
        network = connection.networkCreateXML(NETWORK.format(name, name[:8]))
        base = os.path.join(guest, "disk.qcow2")
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2", disk], check=True)
        domain = connection.defineXML(xml)
        try:
            domain.create()
            deadline = time.monotonic() + 120
            while not answers(domain):
                if time.monotonic() > deadline:
                    raise TimeoutError("no guest agent answered")
                time.sleep(0.01)
            boot = time.perf_counter() - start
        finally:
            if domain.isActive():
                domain.destroy()
            domain.undefine()
            network.destroy()
            connection.close()
        cycle = time.perf_counter() - start
    print(json.dumps({"boot": boot * 1000, "cycle": cycle * 1000}))


def answers(domain: libvirt.virDomain) -> bool:
    try:
        libvirt_qemu.qemuAgentCommand(domain, '{"execute":"guest-ping"}', 5, 0)
        return True
    except libvirt.libvirtError:
        return False


main(sys.argv[1])
