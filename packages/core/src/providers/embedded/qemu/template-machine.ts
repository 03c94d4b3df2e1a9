import { createHash } from 'node:crypto'
import type { TemplateMachine } from '../../../templates/manifest.ts'
import type { Monitor } from '../../../templates/monitor.ts'
import { qemuHost } from '../../../templates/qemu-host.ts'
import type { EmbeddedConfiguration } from '../configuration/configuration.ts'

/** What of QEMU's arguments the guest does not see, of a disk what is on this host: each of these has a value. */
const UNSEEN = new Set([
  '-accel',
  '-blockdev',
  '-chardev',
  '-m',
  '-machine',
  '-mon',
  '-name',
  '-netdev',
  '-object',
  '-vnc',
])
/** What differs from guest to guest, and is given to each clone. */
const OWN = /mac=[0-9a-f:]{17}/g

/** The parts of a running QEMU that must be the same for a guest that was frozen on another. */
export async function templateMachine(
  monitor: Monitor,
  argv: readonly string[],
  { memory, machine, cpu, accelerator }: EmbeddedConfiguration['machine'],
): Promise<TemplateMachine> {
  return {
    ...(await qemuHost(monitor, accelerator)),
    provider: 'embedded',
    libvirt_version: null,
    machine,
    cpu,
    memory_mib: memory,
    devices_sha256: devicesDigest(argv),
  }
}

function devicesDigest(argv: readonly string[]): string {
  const seen = argv.filter((word, index) => !UNSEEN.has(word) && !UNSEEN.has(argv[index - 1] ?? ''))
  const words = seen.map((word) => word.replaceAll(OWN, 'mac='))
  return createHash('sha256')
    .update(JSON.stringify(words.filter((word) => word !== '-incoming' && word !== 'defer')))
    .digest('hex')
}
