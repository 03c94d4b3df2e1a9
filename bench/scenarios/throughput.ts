import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ContextFactory, embeddedFactory, Environment, qemuFactory } from '@see/core'
import type { Scenario } from '../scenario.ts'
import { scratchFolder } from '../scratch-folder.ts'
import { cycleByVirsh } from './virsh-cycle.ts'

const SECONDS = 3
const PARALLEL = [1, 8, 32]
const SHARED = 'a shared network'
const EMBEDDED = 'embedded'
const VIRSH = 'virsh'
const PROMISED = { parallel: 8, least: 40, ways: [SHARED, EMBEDDED] }

const dynamic_address = { ipv4: '10.213.0.0', prefix: 16, subnet_prefix: 24 }
const networks = {
  [SHARED]: { dynamic_address, sharing: 'shared' },
  'a network of its own': { dynamic_address, sharing: 'own' },
  'no network': { mode: 'none' },
} as const

function domainXml(disk: string): string {
  return `<domain type="qemu"><name>${randomUUID()}</name><memory unit="MiB">64</memory>
    <os><type arch="x86_64" machine="pc-q35-7.2">hvm</type></os>
    <devices><disk type="file" device="disk"><driver name="qemu" type="qcow2"/><source file="${disk}"/><target dev="vda" bus="virtio"/></disk>
      <interface type="network"><source network="default"/><model type="virtio"/></interface></devices></domain>`
}

interface Way {
  readonly name: string
  readonly cycle: () => Promise<void>
}

async function comeAndGo(factory: ContextFactory): Promise<void> {
  await (await Environment.allocate(factory)).deallocate()
}

function waysIn(folder: string): Way[] {
  mkdirSync(folder)
  const configuration = join(folder, 'domain.xml')
  const image = join(folder, 'base.qcow2')
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', image, '64M'])
  writeFileSync(configuration, domainXml(image))
  const disk = { image, clone: { storage_pool_path: folder } }
  return [
    ...Object.entries(networks).map(([name, network]) => ({
      name,
      cycle: () => comeAndGo(qemuFactory({ domain: { configuration }, disk, network })),
    })),
    { name: EMBEDDED, cycle: () => comeAndGo(embeddedFactory({ hypervisor: 'embedded:///', disk })) },
    { name: VIRSH, cycle: () => cycleByVirsh(folder, image) },
  ]
}

/** How many environments a second are allocated and deallocated, so many at a time. Nothing boots. */
export function throughput(): Scenario {
  let ways: readonly Way[] = []
  return {
    name: 'throughput',
    rounds: 2,
    rows: PARALLEL.flatMap((parallel) =>
      [...Object.keys(networks), EMBEDDED, VIRSH].map((name) => ({
        what: what(name, parallel),
        unit: '/s',
        ...(name !== VIRSH && { against: what(VIRSH, parallel) }),
        ...(PROMISED.ways.includes(name) &&
          parallel === PROMISED.parallel && { promise: { least: PROMISED.least } }),
      })),
    ),
    async start() {
      ways = waysIn(join(scratchFolder(), 'throughput'))
    },
    async round() {
      const rates: number[] = []
      for (const parallel of PARALLEL) for (const way of ways) rates.push(await rate(way.cycle, parallel))
      return rates
    },
  }
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
  const workers = Array.from({ length: parallel }, worker)
  // When one fails, the others are not to go on behind.
  await Promise.allSettled(workers)
  await Promise.all(workers)
  return cycles / ((performance.now() - start) / 1000)
}

function what(name: string, parallel: number): string {
  return `allocate + deallocate, ${name}, ${parallel} parallel`
}
