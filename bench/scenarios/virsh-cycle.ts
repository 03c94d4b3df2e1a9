import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ReleaseStack } from '@see/core'

/** libvirt destroys one network after the other. */
const TIMEOUT_MS = 120_000
const subnets = Array.from({ length: 64 }, (_, index) => index)

/** The reference's sequence by virsh: a network, a pool with an overlay and a domain, made and removed. */
export async function cycleByVirsh(folder: string, image: string): Promise<void> {
  const identifier = randomUUID()
  const path = join(folder, identifier)
  const subnet = subnets.shift() ?? 0
  const prefix = `10.217.${subnet}`
  const write = (name: string, xml: string): string => {
    const file = join(folder, `${identifier}-${name}.xml`)
    writeFileSync(file, xml)
    return file
  }
  const network = `<network><name>${identifier}</name><forward mode="nat"/><bridge name="virbr-${identifier.slice(0, 8)}"/><ip address="${prefix}.1" prefix="24"><dhcp><range start="${prefix}.2" end="${prefix}.254"/></dhcp></ip></network>`
  const pool = `<pool type="dir"><name>${identifier}</name><target><path>${path}</path></target></pool>`
  const volume = `<volume><name>disk.qcow2</name><capacity unit="MiB">64</capacity><target><format type="qcow2"/></target><backingStore><path>${image}</path><format type="qcow2"/></backingStore></volume>`
  const domain = `<domain type="qemu"><name>${identifier}</name><memory unit="MiB">64</memory>
    <os><type arch="x86_64" machine="pc-q35-7.2">hvm</type></os>
    <devices><disk type="file" device="disk"><driver name="qemu" type="qcow2"/><source file="${join(path, 'disk.qcow2')}"/><target dev="vda" bus="virtio"/></disk>
      <interface type="network"><source network="${identifier}"/><model type="virtio"/></interface></devices></domain>`
  const releases = new ReleaseStack()
  const made = (what: string, ...command: [string, ...string[]]) =>
    releases.defer(what, () => virsh(...command), TIMEOUT_MS)
  try {
    await virsh('net-create', write('network', network))
    made('network', 'net-destroy', identifier)
    await virsh('pool-define', write('pool', pool))
    made('pool', 'pool-undefine', identifier)
    await virsh('pool-build', identifier)
    made('folder', 'pool-delete', identifier)
    await virsh('pool-start', identifier)
    made('pool', 'pool-destroy', identifier)
    await virsh('vol-create', identifier, write('volume', volume))
    made('overlay', 'vol-delete', 'disk.qcow2', identifier)
    await virsh('define', write('domain', domain))
    made('domain', 'undefine', identifier)
  } finally {
    await releases.release()
    subnets.push(subnet)
  }
}

async function virsh(command: string, ...argv: string[]): Promise<void> {
  await promisify(execFile)('virsh', ['-q', '-c', 'qemu:///system', command, ...argv])
}
