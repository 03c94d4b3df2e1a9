import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ContextFactory, embeddedFactory, qemuFactory } from '@see/core'
import { expect } from 'vitest'
import type { DebianGuest } from './debian-guest.ts'
import { seeHere } from './see-command.ts'

/** What the Debian guest runs on. */
export interface DebianMachine {
  readonly name: string
  readonly image: keyof Pick<DebianGuest, 'bios' | 'uefi'>
  readonly provider: 'embedded' | 'libvirt'
}

export const machines = {
  embedded: { name: 'a child of SEE', image: 'bios', provider: 'embedded' },
  libvirt: { name: 'libvirt', image: 'bios', provider: 'libvirt' },
  uefi: { name: 'libvirt with UEFI and secure boot', image: 'uefi', provider: 'libvirt' },
} as const satisfies Readonly<Record<string, DebianMachine>>

const network = { dynamic_address: { ipv4: '10.200.0.0', prefix: 16, subnet_prefix: 24 } }

const xmlOf = (image: string) => `<domain type="qemu">
  <name>debian</name>
  <genid/>
  <memory unit="MiB">512</memory>
  <vcpu>1</vcpu>
  <os${image === 'uefi' ? ' firmware="efi"' : ''}><type arch="x86_64" machine="pc-q35-7.2">hvm</type><boot dev="hd"/></os>
  <features><acpi/><apic/></features>
  <cpu mode="maximum"/>
  <clock offset="utc"/>
  <devices>
    <disk type="file" device="disk"><driver name="qemu" type="qcow2"/><source file="debian.qcow2"/><target dev="vda" bus="virtio"/></disk>
    <interface type="network"><source network="default"/><model type="virtio"/><rom enabled="no"/></interface>
    <channel type="unix"><target type="virtio" name="org.qemu.guest_agent.0"/></channel>
    <channel type="unix"><target type="virtio" name="org.see.identity.0"/></channel>
    <serial type="pty"/>
    <rng model="virtio"><backend model="random">/dev/urandom</backend></rng>
    <graphics type="vnc" autoport="yes" listen="127.0.0.1"/>
    <video><model type="vga"/></video>
  </devices>
</domain>
`

/**
 * Writes a resources file of a machine with a disk.
 * @returns the same of clones of a template, and what makes their sandboxes
 */
export function writeResources(
  folder: string,
  { provider, image }: DebianMachine,
  disk: string,
  template: string,
): { readonly clones: string; readonly factory: () => ContextFactory } {
  writeFileSync(join(folder, `${template}.xml`), xmlOf(image))
  const own =
    provider === 'embedded'
      ? { hypervisor: 'embedded:///', machine: { memory: 512 } }
      : { hypervisor: 'qemu:///system', domain: { configuration: `${template}.xml` }, network }
  const guest = { ...own, disk: { image: disk, clone: { storage_pool_path: join(folder, 'instances') } } }
  const clones = `${template}-clones.json`
  writeFileSync(join(folder, `${template}.json`), JSON.stringify(guest))
  writeFileSync(join(folder, clones), JSON.stringify({ ...guest, template }))
  const file = join(folder, clones)
  return { clones, factory: () => (provider === 'embedded' ? embeddedFactory(file) : qemuFactory(file)) }
}

/** Prepares a copy of an image by the command. */
export async function prepared(folder: string, installed: string, name: string): Promise<string> {
  const copy = join(folder, name)
  const made = await seeHere(folder, ['guest', 'prepare', installed, '--output', copy])
  expect(made).toMatchObject({
    exitCode: 0,
    out: expect.stringMatching(/^Debian GNU\/Linux [^]*guest agent/),
  })
  expect(made.out).not.toContain('still needs')
  // Each guest runs as a user of its own.
  chmodSync(copy, 0o644)
  return copy
}

/** Runs a whole case in a clone; what the sample printed and changed is in its evidence. */
export async function expectEvidence(folder: string, clones: string): Promise<void> {
  const sample = '#!/bin/sh\necho by $(id -un) >/root/made\necho ran; exit 3\n'
  writeFileSync(join(folder, 'sample.sh'), sample)
  const hooks = ['DiskCheckPointHook', 'DiskStateAnalyser'].map((name) => ({
    name: `@see/hooks#${name}`,
    configuration: name === 'DiskCheckPointHook' ? { checkpoint_on_event: ['post_shutdown'] } : {},
  }))
  writeFileSync(join(folder, 'hooks.json'), JSON.stringify({ hooks }))
  const words = ['run', clones, 'sample.sh', '--hooks', 'hooks.json', '--runtime', '5', '--json']
  const run = await seeHere(folder, [...words, '--timeout', '300', '--shutdown-timeout', '300'])
  const report = JSON.parse(run.out)
  expect(report).toMatchObject({ commands: [{ exit_code: 3 }] })
  const read = (name: string) =>
    readFileSync(join(report.results_folder, `${report.identifier}${name}`), 'utf8')
  expect(read('_command_1.stdout')).toBe('ran\n')
  expect(read('_filesystem.json')).toContain('/root/made')
}
