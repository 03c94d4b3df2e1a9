import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Environment, qemuFactory } from '@see/core'
import type { Scenario } from '../scenario.ts'

const SECONDS = 3
const PARALLEL = [1, 8, 32]
const PROMISED = { parallel: 8, least: 40 }

const domainXml = `<domain type="qemu"><name>any</name><memory unit="MiB">64</memory>
  <os><type arch="x86_64" machine="pc-q35-7.2">hvm</type></os>
  <devices><disk type="file" device="disk"><driver name="qemu" type="qcow2"/><source file="/any"/><target dev="vda" bus="virtio"/></disk>
    <interface type="network"><source network="default"/><model type="virtio"/></interface></devices></domain>`

const ways = {
  'no network': { mode: 'none' },
  'the default network': { dynamic_address: { ipv4: '10.213.0.0', prefix: 16, subnet_prefix: 26 } },
} as const

/** How many environments a second are allocated and deallocated through libvirt, so many at a time. Nothing boots. */
export function throughput(): Scenario {
  const folder = mkdtempSync(join(tmpdir(), 'see-bench-'))
  const configuration = join(folder, 'domain.xml')
  const image = join(folder, 'base.qcow2')
  const cases = Object.entries(ways).flatMap(([name, network]) =>
    PARALLEL.map((parallel) => ({ name, network, parallel })),
  )
  return {
    name: 'throughput',
    rounds: 2,
    rows: cases.map(({ name, parallel }) => ({
      what: `allocate + deallocate, ${name}, ${parallel} parallel`,
      unit: '/s',
      ...(name !== 'no network' && parallel === PROMISED.parallel && { promise: { least: PROMISED.least } }),
    })),
    async start() {
      chmodSync(folder, 0o755)
      execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', image, '64M'])
      writeFileSync(configuration, domainXml)
    },
    async round() {
      const rates: number[] = []
      for (const { network, parallel } of cases) {
        const disk = { image, clone: { storage_pool_path: folder } }
        const factory = qemuFactory({ domain: { configuration }, disk, network })
        rates.push(await rate(async () => (await Environment.allocate(factory)).deallocate(), parallel))
      }
      return rates
    },
    async end() {
      rmSync(folder, { recursive: true })
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
  await Promise.all(Array.from({ length: parallel }, worker))
  return cycles / ((performance.now() - start) / 1000)
}
