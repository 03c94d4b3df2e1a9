import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { TemplateMachine } from './manifest.ts'
import type { Monitor } from './monitor.ts'

const version = z.object({
  qemu: z.object({ major: z.int(), minor: z.int(), micro: z.int() }),
  package: z.string(),
})

/** The parts of a machine's fingerprint that come from QEMU and the host. */
export async function qemuHost(
  monitor: Monitor,
  accelerator: string,
): Promise<Pick<TemplateMachine, 'qemu_version' | 'accelerator' | 'host_cpu'>> {
  const { qemu, package: build } = version.parse(await monitor.execute('query-version'))
  return {
    qemu_version: `${qemu.major}.${qemu.minor}.${qemu.micro} ${build}`.trim(),
    accelerator,
    host_cpu: accelerator === 'tcg' ? null : await hostCpu(),
  }
}

/** Model and features of the first processor. */
async function hostCpu(): Promise<string> {
  const text = await readFile('/proc/cpuinfo', 'utf8')
  const line = (key: string) => new RegExp(`^${key}\\s*: (.*)$`, 'm').exec(text)?.[1] ?? ''
  const features = createHash('sha256').update(line('flags')).digest('hex').slice(0, 16)
  return `${line('model name')} (features ${features})`
}
