import { isolationSchema } from '../../../contract/isolation.ts'
import { z } from 'zod'
import { templateKeys } from '../../../templates/template-keys.ts'
import { diskSchema } from '../../../images/disk-configuration.ts'
import { diskLimitKeys, evidenceLimitKeys, limitKeys } from '../../limits/limit-keys.ts'
import { networkSchema } from './network.ts'

const path = z.string().min(1)
const MACHINE = /^(pc-)?q35(-\d+\.\d+)?$/

const machine = z
  .strictObject({
    kernel: path
      .optional()
      .describe("The path of a Linux kernel to boot; without it, the firmware boots from the guest's disk."),
    initrd: path.optional().describe('The path of its initial RAM disk.'),
    cmdline: z.string().optional().describe("The kernel's command line."),
    memory: z.int().min(16).max(1_048_576).default(192).describe('MiB of memory.'),
    cpus: z.int().min(1).max(64).default(1).describe('Processors.'),
    cpu: z
      .string()
      .regex(/^[\w.,+=-]+$/)
      .default('max')
      .describe('QEMU’s name of the model of the processors, features included.'),
    machine: z
      .string()
      .regex(MACHINE, 'must be q35 or a version of it, such as pc-q35-7.2')
      .default('pc-q35-7.2')
      .describe('QEMU’s name of the machine; one with a version stays the same when QEMU is upgraded.'),
    accelerator: z
      .enum(['tcg', 'kvm'])
      .default('tcg')
      .describe('`tcg` emulates and works everywhere; `kvm` is never fallen back from.'),
    vnc: z.boolean().default(false).describe('Whether the screen can be seen by VNC, on this host only.'),
  })
  .refine(({ kernel, initrd, cmdline }) => kernel !== undefined || (initrd ?? cmdline) === undefined, {
    message: 'is needed where there is an "initrd" or a "cmdline"',
    path: ['kernel'],
  })

const disk = diskSchema('/var/lib/see/instances for root and /var/tmp/see-UID/instances for others')

const limits = z.strictObject({
  ...limitKeys,
  ...diskLimitKeys,
  ...evidenceLimitKeys,
  overhead_mib: z
    .int()
    .min(512)
    .max(1_048_576)
    .default(2048)
    .describe("MiB of address space that QEMU may have beside the guest's memory."),
})

export const embeddedSchema = z.strictObject({
  $schema: z.string().optional().describe('The JSON Schema of this file, for editors.'),
  hypervisor: z.literal('embedded:///').default('embedded:///').describe('QEMU as a child of SEE itself.'),
  ...templateKeys,
  machine: machine.prefault({}).describe('The virtual machine.'),
  disk: disk.optional().describe("The guest's disk."),
  network: networkSchema.prefault({}).describe('What the guest’s interface reaches.'),
  isolation: isolationSchema.prefault({}).describe('Whether the isolation of the guest is verified.'),
  limits: limits.prefault({}).describe('What a guest may use of this host.'),
})

export type EmbeddedConfiguration = z.output<typeof embeddedSchema>
