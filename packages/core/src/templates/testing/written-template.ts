import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { factsOf } from '../file-facts.ts'
import type { TemplateMachine } from '../manifest.ts'
import type { TemplateBuilder } from '../template-store.ts'
import { writeManifest } from '../write-manifest.ts'

export const machine: TemplateMachine = {
  provider: 'embedded',
  libvirt_version: null,
  qemu_version: '7.2.0',
  machine: 'pc-q35-7.2',
  accelerator: 'tcg',
  cpu: 'max',
  host_cpu: null,
  memory_mib: 192,
  devices_sha256: 'a'.repeat(64),
}

/** Builds a template of files with a few bytes, from one input. */
export function writtenTemplate(name: string, inputPath: string): TemplateBuilder {
  return async (folder) => {
    const { signal } = new AbortController()
    const group = process.getuid?.() === 0 ? 1_900_000_000 : undefined
    await writeFile(join(folder, 'memory'), 'what it remembers')
    await writeFile(join(folder, 'state'), 'what its devices do')
    await writeFile(join(folder, 'disk.qcow2'), 'what it keeps')
    await writeFile(join(folder, 'overlay.qcow2'), 'what a clone keeps')
    await chmod(join(folder, 'memory'), 0o660)
    const inputs = [{ path: inputPath, ...(await factsOf(inputPath, signal)) }]
    await writeManifest(
      folder,
      { name, resources: null, machine, identity: 'agent', card: null, boot_ms: 1, at_rest: true, inputs },
      group,
      signal,
    )
  }
}
