import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Environment, qemuFactory } from '@see/core'
import { Hypervisor } from '@see/libvirt'
import { millisecondsOf, type Promised, type Row, type Scenario } from '../scenario.ts'
import { scratchFolder } from '../scratch-folder.ts'

/** Less than 5 % more. */
const PROMISED: Promised = { times: 1 / 1.05 }

interface Files {
  readonly folder: string
  readonly image: string
  /** What an empty overlay of the image consists of. */
  readonly overlay: Buffer
}

function makeFiles(): Files {
  const folder = join(scratchFolder(), 'overhead')
  mkdirSync(folder)
  const [image, empty] = [join(folder, 'base.qcow2'), join(folder, 'empty.qcow2')]
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', image, '64M'])
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', image, empty])
  writeFileSync(join(folder, 'networked.xml'), domainXml(randomUUID(), image, interfaceXml('default')))
  writeFileSync(join(folder, 'alone.xml'), domainXml(randomUUID(), image, ''))
  return { folder, image, overlay: readFileSync(empty) }
}

function domainXml(identifier: string, disk: string, network: string): string {
  return `<domain type="qemu"><name>${identifier}</name><uuid>${identifier}</uuid><memory unit="MiB">64</memory>
    <os><type arch="x86_64" machine="pc-q35-7.2">hvm</type></os>
    <devices><disk type="file" device="disk"><driver name="qemu" type="qcow2"/><source file="${disk}"/><target dev="vda" bus="virtio"/></disk>${network}</devices></domain>`
}

function interfaceXml(network: string): string {
  return `<interface type="network"><source network="${network}"/><model type="virtio"/></interface>`
}

/** The same calls, in the same order, with the XML and the overlay ready. */
async function bare({ folder, overlay }: Files, withNetwork: boolean): Promise<void> {
  const identifier = randomUUID()
  const path = join(folder, identifier)
  const hypervisor = await Hypervisor.open('qemu:///system')
  await unknown(hypervisor.domainLookupByUUID(identifier))
  const network = withNetwork
    ? await hypervisor.networkCreateXML(
        `<network xmlns:dnsmasq="http://libvirt.org/schemas/network/dnsmasq/1.0"><name>${identifier}</name><uuid>${identifier}</uuid><forward mode="nat"/><bridge name="virbr-${identifier.slice(0, 8)}" stp="off" delay="0"/><ip address="10.213.0.1" prefix="24"><dhcp><range start="10.213.0.2" end="10.213.0.254"/></dhcp></ip><dnsmasq:options><dnsmasq:option value="no-ping"/></dnsmasq:options></network>`,
      )
    : undefined
  await unknown(hypervisor.storagePoolLookupByUUID(identifier))
  const pool = await hypervisor.storagePoolDefineXML(
    `<pool type="dir"><name>${identifier}</name><uuid>${identifier}</uuid><target><path>${path}</path><permissions><mode>0711</mode></permissions></target></pool>`,
  )
  await pool.build()
  const disk = join(path, `${identifier}.qcow2`)
  await writeFile(disk, overlay, { mode: 0o600 })
  await pool.create()
  await unknown(hypervisor.domainLookupByUUID(identifier))
  await pool.refresh()
  for (const each of await pool.listAllVolumes()) await each.delete()
  await pool.destroy()
  await rm(disk, { force: true })
  await pool.delete()
  await pool.undefine()
  await network?.destroy()
  await hypervisor.close()
}

/** A caller that makes something asks first whether there is one of its name. */
async function unknown(lookup: Promise<unknown>): Promise<void> {
  const isKnown = await lookup.then(
    () => true,
    () => false,
  )
  if (isKnown) throw new Error('there is one of that name already')
}

async function environment({ folder, image }: Files, withNetwork: boolean): Promise<void> {
  const factory = qemuFactory({
    domain: { configuration: join(folder, withNetwork ? 'networked.xml' : 'alone.xml') },
    disk: { image, clone: { storage_pool_path: folder } },
    ...(withNetwork && {
      network: {
        mode: 'nat',
        sharing: 'own',
        dynamic_address: { ipv4: '10.213.0.0', prefix: 24, subnet_prefix: 24 },
      },
    }),
  })
  const allocated = await Environment.allocate(factory)
  await allocated.deallocate()
}

function rowsOf(what: string, promise?: Promised): Row[] {
  return [
    { what: `${what}: bare calls`, unit: 'ms' },
    {
      what: `${what}: an environment`,
      unit: 'ms',
      against: `${what}: bare calls`,
      ...(promise && { promise }),
    },
  ]
}

/** What allocating and deallocating an environment costs over the same libvirt calls made bare, in turn. */
export function overhead(): Scenario {
  let files: Files | undefined
  const both = async (): Promise<number[]> => {
    const made = (files ??= makeFiles())
    const times: number[] = []
    for (const withNetwork of [true, false]) {
      times.push(await millisecondsOf(() => bare(made, withNetwork)))
      times.push(await millisecondsOf(() => environment(made, withNetwork)))
    }
    return times
  }
  return {
    name: 'overhead',
    rows: [...rowsOf('its own network', PROMISED), ...rowsOf('no network')],
    async start() {
      await both()
    },
    round: both,
  }
}
