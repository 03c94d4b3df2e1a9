import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { QmpClient } from '@see/qemu'
import { z } from 'zod'
import type { TemplateMachine } from '../../templates/manifest.ts'
import type { EmbeddedConfiguration } from './configuration.ts'

const version = z.object({
  qemu: z.object({ major: z.int(), minor: z.int(), micro: z.int() }),
  package: z.string(),
})

/** What of QEMU's arguments the guest does not see: each of these has a value. */
const UNSEEN = new Set([
  '-accel',
  '-chardev',
  '-m',
  '-machine',
  '-name',
  '-netdev',
  '-object',
  '-qmp',
  '-vnc',
])
/** What differs from guest to guest, and is told to each clone. */
const OWN = /mac=[0-9a-f:]{17}/g

/** What a running QEMU is, as far as a guest that was frozen on another has to find it the same. */
export async function templateMachine(
  qmp: QmpClient,
  argv: readonly string[],
  { memory, machine, cpu, accelerator }: EmbeddedConfiguration['machine'],
): Promise<TemplateMachine> {
  const { qemu, package: build } = version.parse(await qmp.execute('query-version'))
  return {
    provider: 'embedded',
    qemu_version: `${qemu.major}.${qemu.minor}.${qemu.micro} ${build}`.trim(),
    machine,
    accelerator,
    cpu,
    host_cpu: accelerator === 'tcg' ? null : await hostCpu(),
    memory_mib: memory,
    devices_sha256: devicesDigest(argv),
  }
}

function devicesDigest(argv: readonly string[]): string {
  const seen = argv.filter((word, index) => !UNSEEN.has(word) && !UNSEEN.has(argv[index - 1] ?? ''))
  // The disk's place is in the environment's folder.
  const words = seen.map((word) => word.replaceAll(OWN, 'mac=').replaceAll(/"filename":"[^"]*"/g, ''))
  return createHash('sha256')
    .update(JSON.stringify(words.filter((word) => word !== '-incoming' && word !== 'defer')))
    .digest('hex')
}

/** Model and features of the first processor. */
async function hostCpu(): Promise<string> {
  const text = await readFile('/proc/cpuinfo', 'utf8')
  const line = (key: string) => new RegExp(`^${key}\\s*: (.*)$`, 'm').exec(text)?.[1] ?? ''
  const features = createHash('sha256').update(line('flags')).digest('hex').slice(0, 16)
  return `${line('model name')} (features ${features})`
}
