import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { tinyGuest } from './tiny-guest.ts'

/** What others' XML is made around: the tiny guest, with a CD and a second disk. */
export interface UsersGuest {
  readonly folder: string
  readonly kernel: string
  readonly initrd: string
  readonly cmdline: string
  readonly disk: string
  readonly second: string
  readonly cd: string
}

/** The tiny guest's files, beside those of a user's. */
export function usersGuest(folder: string): UsersGuest {
  const guest = tinyGuest()
  const [disk, second, cd] = ['disk.qcow2', 'data.raw', 'cd.iso'].map((name) => join(folder, name))
  if (disk === undefined || second === undefined || cd === undefined) throw new Error('three names')
  chmodSync(folder, 0o755)
  copyFileSync(join(guest, 'disk.qcow2'), disk)
  writeFileSync(second, Buffer.alloc(1_048_576))
  writeFileSync(cd, Buffer.alloc(1_048_576))
  const cmdline = /<cmdline>([^<]*)</.exec(readFileSync(join(guest, 'domain.xml'), 'utf8'))?.[1] ?? ''
  return { folder, kernel: join(guest, 'vmlinuz'), initrd: join(guest, 'initrd'), cmdline, disk, second, cd }
}

/** virt-install's own XML; what it leaves in libvirt is removed. */
export function virtInstallXml(
  { folder, kernel, initrd, cmdline, disk, second, cd }: UsersGuest,
  graphics: string,
): string {
  const words = [
    ['--connect', 'qemu:///system', '--virt-type', 'qemu', '--machine', 'q35', '--osinfo', 'debian11'],
    ['--name', 'mine', '--memory', '384', '--vcpus', '1', '--import', '--graphics', graphics],
    ['--disk', `path=${cd},device=cdrom,boot.order=1`, '--disk', `path=${disk},boot.order=2`],
    ['--disk', `path=${second},format=raw`, '--network', 'network=default'],
    ['--boot', `uefi,kernel=${kernel},initrd=${initrd},kernel_args="${cmdline}"`],
    ['--tpm', 'backend.type=emulator,backend.version=2.0,model=tpm-crb', '--check', 'all=off', '--print-xml'],
  ]
  try {
    return execFileSync('virt-install', words.flat(), {
      encoding: 'utf8',
      env: { ...process.env, HOME: folder },
    })
  } finally {
    // It makes a storage pool of each folder in which there is a disk.
    for (const command of ['pool-destroy', 'pool-undefine']) {
      spawnSync('virsh', [command, basename(folder)], { stdio: 'ignore' })
    }
  }
}

/** A volume of Ceph. */
const volume = (name: string) =>
  `<driver name="qemu" type="raw" cache="writeback" discard="unmap"/><auth username="cinder"><secret type="ceph" uuid="457eb676-33da-42ec-9a8c-9293d545c337"/></auth><source protocol="rbd" name="${name}"><host name="10.5.0.11" port="6789"/><host name="10.5.0.12" port="6789"/></source>`

/** As OpenStack's nova writes it, but for the accelerator. */
export function novaXml({ kernel, initrd, cmdline, second, cd, folder }: UsersGuest): string {
  const uuid = 'b0f3c9d2-6a0e-4b57-9a0d-1f4c3f2b7a11'
  return `<domain type="qemu" id="7">
  <name>instance-0000002a</name>
  <uuid>${uuid}</uuid>
  <metadata>
    <nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/1.1">
      <nova:package version="25.2.1"/><nova:name>web-1</nova:name><nova:flavor name="m1.tiny"><nova:memory>384</nova:memory></nova:flavor>
    </nova:instance>
  </metadata>
  <memory unit="KiB">393216</memory>
  <currentMemory unit="KiB">393216</currentMemory>
  <vcpu placement="static">1</vcpu>
  <resource><partition>/machine</partition></resource>
  <sysinfo type="smbios">
    <system>
      <entry name="manufacturer">OpenStack Foundation</entry><entry name="product">OpenStack Nova</entry>
      <entry name="serial">${uuid}</entry><entry name="uuid">${uuid}</entry><entry name="family">Virtual Machine</entry>
    </system>
  </sysinfo>
  <os>
    <type arch="x86_64" machine="pc-q35-7.2">hvm</type>
    <kernel>${kernel}</kernel><initrd>${initrd}</initrd><cmdline>${cmdline}</cmdline>
    <boot dev="hd"/><smbios mode="sysinfo"/>
  </os>
  <features><acpi/><apic/><vmcoreinfo state="on"/></features>
  <cpu mode="maximum"/>
  <clock offset="utc"><timer name="pit" tickpolicy="delay"/><timer name="rtc" tickpolicy="catchup"/><timer name="hpet" present="no"/></clock>
  <on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type="network" device="disk">${volume(`vms/${uuid}_disk`)}<backingStore/><target dev="vda" bus="virtio"/><iotune><total_iops_sec>5000</total_iops_sec></iotune><alias name="virtio-disk0"/></disk>
    <disk type="file" device="disk"><driver name="qemu" type="raw" cache="none"/><source file="${second}" index="2"/><backingStore/><target dev="vdb" bus="virtio"/><serial>5e1c9a0f-0d3e-4a4c-8f55-2f4d6a8a0b7c</serial></disk>
    <disk type="file" device="cdrom"><driver name="qemu" type="raw" cache="none"/><source file="${cd}"/><target dev="sda" bus="sata"/><readonly/></disk>
    <interface type="bridge">
      <mac address="fa:16:3e:5d:1c:0a"/><source bridge="br-int"/>
      <virtualport type="openvswitch"><parameters interfaceid="1d6f4e1c-7d6d-4c52-9d0f-4e6f0d5a7b10"/></virtualport>
      <target dev="tap1d6f4e1c-7d"/><model type="virtio"/><driver name="vhost" rx_queue_size="512"/><mtu size="1450"/><alias name="net0"/>
    </interface>
    <serial type="tcp"><source mode="bind" host="0.0.0.0" service="10000"/><protocol type="raw"/><log file="${folder}/console.log" append="off"/><target port="0"/></serial>
    <console type="tcp"><source mode="bind" host="0.0.0.0" service="10000"/><protocol type="raw"/><log file="${folder}/console.log" append="off"/><target type="serial" port="0"/></console>
    <channel type="unix"><source mode="bind" path="${folder}/org.qemu.guest_agent.0.instance-0000002a.sock"/><target type="virtio" name="org.qemu.guest_agent.0" state="connected"/></channel>
    <input type="tablet" bus="usb"/>
    <graphics type="vnc" port="5900" autoport="yes" listen="10.5.0.33"><listen type="address" address="10.5.0.33"/></graphics>
    <video><model type="virtio" heads="1" primary="yes"/></video>
    <memballoon model="virtio"><stats period="10"/></memballoon>
    <rng model="virtio"><backend model="random">/dev/urandom</backend></rng>
  </devices>
  <seclabel type="dynamic" model="apparmor" relabel="yes"><label>libvirt-${uuid}</label><imagelabel>libvirt-${uuid}</imagelabel></seclabel>
  <seclabel type="dynamic" model="dac" relabel="yes"><label>+42436:+42436</label><imagelabel>+42436:+42436</imagelabel></seclabel>
</domain>`
}

/** As oVirt's vdsm writes it, but for the accelerator. */
export function ovirtXml({ kernel, initrd, cmdline, second, folder }: UsersGuest): string {
  const uuid = '6d4a0b34-53e1-4a2e-9a55-8b6f0c1d2e3f'
  return `<domain type="qemu" xmlns:ovirt-tune="http://ovirt.org/vm/tune/1.0" xmlns:ovirt-vm="http://ovirt.org/vm/1.0">
  <name>desk-12</name>
  <uuid>${uuid}</uuid>
  <metadata><ovirt-tune:qos/><ovirt-vm:vm><ovirt-vm:clusterVersion>4.7</ovirt-vm:clusterVersion><ovirt-vm:destroy_on_reboot type="bool">False</ovirt-vm:destroy_on_reboot></ovirt-vm:vm></metadata>
  <memory>393216</memory><currentMemory>393216</currentMemory>
  <vcpu current="1">2</vcpu>
  <iothreads>1</iothreads>
  <sysinfo type="smbios">
    <system>
      <entry name="manufacturer">oVirt</entry><entry name="product">RHEL</entry><entry name="version">9.2</entry>
      <entry name="serial">${uuid}</entry><entry name="uuid">${uuid}</entry><entry name="sku">4.7</entry><entry name="family">oVirt</entry>
    </system>
  </sysinfo>
  <os>
    <type arch="x86_64" machine="pc-q35-7.2">hvm</type>
    <kernel>${kernel}</kernel><initrd>${initrd}</initrd><cmdline>${cmdline}</cmdline>
    <smbios mode="sysinfo"/><bios useserial="yes"/>
  </os>
  <features><acpi/><vmcoreinfo state="on"/></features>
  <cpu mode="maximum"/>
  <clock offset="variable" adjustment="0"><timer name="rtc" tickpolicy="catchup"/><timer name="pit" tickpolicy="delay"/><timer name="hpet" present="no"/></clock>
  <pm><suspend-to-disk enabled="no"/><suspend-to-mem enabled="no"/></pm>
  <on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>destroy</on_crash>
  <devices>
    <disk type="file" device="cdrom"><driver name="qemu" error_policy="report"/><source file="" startupPolicy="optional"><seclabel model="dac" relabel="no"/></source><target dev="sdc" bus="sata"/><readonly/><alias name="ua-1e2d"/></disk>
    <disk type="block" device="disk" snapshot="no">
      <driver name="qemu" type="qcow2" cache="none" io="native" error_policy="stop" iothread="1"/>
      <source dev="/rhev/data-center/mnt/blockSD/0d9b/images/1f2e/3a4b"><seclabel model="dac" relabel="no"/></source>
      <target dev="vda" bus="virtio"/><serial>1f2e4d0a-7a3c-4d4e-8b6a-9c0d1e2f3a4b</serial><boot order="1"/><alias name="ua-1f2e4d0a-7a3c-4d4e-8b6a-9c0d1e2f3a4b"/>
    </disk>
    <disk type="file" device="disk" snapshot="no"><driver name="qemu" type="raw" error_policy="stop"/><source file="${second}"><seclabel model="dac" relabel="no"/></source><target dev="vdb" bus="virtio"/></disk>
    <interface type="bridge">
      <mac address="56:6f:1a:2b:00:01"/><source bridge="ovirtmgmt"/><virtualport type="openvswitch"/><model type="virtio"/><driver name="vhost" queues="2"/>
      <link state="up"/><mtu size="1500"/><bandwidth/><alias name="ua-net1"/>
    </interface>
    <interface type="bridge"><mac address="56:6f:1a:2b:00:02"/><source bridge="vm-lan"/><model type="virtio"/><link state="up"/></interface>
    <console type="unix"><source mode="bind" path="${folder}/ovirt-vmconsole.sock"/><target type="serial" port="0"/></console>
    <channel type="unix"><source mode="bind" path="${folder}/ovirt-guest-agent.0"/><target type="virtio" name="ovirt-guest-agent.0"/></channel>
    <channel type="unix"><source mode="bind" path="${folder}/org.qemu.guest_agent.0"/><target type="virtio" name="org.qemu.guest_agent.0"/></channel>
    <channel type="spicevmc"><target type="virtio" name="com.redhat.spice.0"/></channel>
    <graphics type="spice" port="-1" autoport="yes" tlsPort="-1" passwd="*****" passwdValidTo="1970-01-01T00:00:01"><listen type="network" network="vdsm-ovirtmgmt"/></graphics>
    <video><model type="qxl" ram="65536" vram="8192" vgamem="16384" heads="1"/></video>
    <rng model="virtio"><backend model="random">/dev/urandom</backend></rng>
    <memballoon model="virtio"><stats period="5"/></memballoon>
    <tpm model="tpm-crb"><backend type="emulator" version="2.0"/></tpm>
    <lease><key>1f2e4d0a</key><lockspace>0d9b</lockspace><target offset="3145728" path="/rhev/data-center/mnt/blockSD/0d9b/dom_md/xleases"/></lease>
  </devices>
  <seclabel type="dynamic" model="selinux" relabel="yes"><label>system_u:system_r:svirt_t:s0:c1,c2</label><imagelabel>system_u:object_r:svirt_image_t:s0:c1,c2</imagelabel></seclabel>
</domain>`
}
