import { execFile, execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Environment, qemuFactory } from '@see/core'
import { median } from './median.ts'

// How many environments a second are allocated and deallocated, so many in parallel, against the reference's sequence by
// virsh, in turn, in one run. Nothing boots.

const ROUNDS = 3
const SECONDS = 4
const run = promisify(execFile)

const folder = mkdtempSync(join(tmpdir(), 'see-bench-'))
chmodSync(folder, 0o755)
const image = join(folder, 'base.qcow2')
const domainFile = join(folder, 'domain.xml')
const interfaceXml = (network: string) =>
  `<interface type="network"><source network="${network}"/><model type="virtio"/></interface>`

function domainXml(identifier: string, disk: string, network: string): string {
  return `<domain type="qemu"><name>${identifier}</name><uuid>${identifier}</uuid><memory unit="MiB">64</memory>
    <os><type arch="x86_64" machine="pc-q35-7.2">hvm</type></os>
    <devices><disk type="file" device="disk"><driver name="qemu" type="qcow2"/><source file="${disk}"/><target dev="vda" bus="virtio"/></disk>${network}</devices></domain>`
}

const dynamic_address = { ipv4: '10.213.0.0', prefix: 16, subnet_prefix: 24 }
const networks = {
  'shared network': { mode: 'nat-no-lan', sharing: 'shared' },
  'own network': { mode: 'nat-no-lan', sharing: 'own', dynamic_address },
  'no network': { mode: 'none' },
} as const

function environments(network: (typeof networks)[keyof typeof networks]): () => Promise<void> {
  const factory = qemuFactory({
    domain: { configuration: domainFile },
    disk: { image, clone: { storage_pool_path: folder } },
    network,
  })
  return async () => {
    const environment = await Environment.allocate(factory)
    await environment.deallocate()
  }
}

const subnets = Array.from({ length: 64 }, (_, index) => index)

/** A network, a pool with an overlay and a domain, made and removed. */
async function byVirsh(): Promise<void> {
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
  const domain = domainXml(identifier, join(path, 'disk.qcow2'), interfaceXml(identifier))
  await virsh('net-create', write('network', network))
  await virsh('pool-define', write('pool', pool))
  await virsh('pool-build', identifier)
  await virsh('pool-start', identifier)
  await virsh('vol-create', identifier, write('volume', volume))
  await virsh('define', write('domain', domain))
  await virsh('undefine', identifier)
  await virsh('vol-delete', 'disk.qcow2', identifier)
  await virsh('pool-destroy', identifier)
  await virsh('pool-delete', identifier)
  await virsh('pool-undefine', identifier)
  await virsh('net-destroy', identifier)
  subnets.push(subnet)
}

async function virsh(...argv: string[]): Promise<void> {
  await run('virsh', ['-q', '-c', 'qemu:///system', ...argv])
}

/** Cycles a second, by so many that each begin the next when they have ended one. */
async function rate(cycle: () => Promise<void>, parallel: number): Promise<number> {
  const start = performance.now()
  let cycles = 0
  const worker = async (): Promise<void> => {
    while (performance.now() - start < SECONDS * 1000) {
      await cycle()
      cycles++
    }
  }
  await Promise.all(Array.from({ length: parallel }, worker))
  return cycles / ((performance.now() - start) / 1000)
}

const ways = [
  ...Object.entries(networks).map(([name, network]) => ({ name, cycle: environments(network) })),
  { name: 'virsh, own network', cycle: byVirsh },
]

try {
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', image, '64M'])
  writeFileSync(domainFile, domainXml(randomUUID(), image, interfaceXml('default')))
  for (const parallel of [1, 8, 32]) {
    const rates = ways.map((): number[] => [])
    for (let round = 0; round < ROUNDS; round++) {
      for (const [index, { cycle }] of ways.entries()) rates[index]?.push(await rate(cycle, parallel))
    }
    for (const [index, { name }] of ways.entries()) {
      console.log(`${parallel} parallel, ${name}: ${median(rates[index] ?? []).toFixed(1)} cycles/s`)
    }
  }
} finally {
  rmSync(folder, { recursive: true })
}
