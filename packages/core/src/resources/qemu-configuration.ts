import { z } from 'zod'
import { templateKeys } from '../templates/template-keys.ts'
import { diskSchema } from './disk-configuration.ts'
import { legacyName } from './legacy-name.ts'
import { networkSchema } from './network-plan.ts'

const path = z.string().min(1)

/** A resources file of QEMU through libvirt. */
export const qemuSchema = z
  .strictObject({
    $schema: z.string().optional().describe('The JSON Schema of this file, for editors.'),
    name: legacyName,
    hypervisor: path.default('qemu:///system').describe("libvirt's URI of the hypervisor."),
    ...templateKeys,
    domain: z
      .strictObject({ configuration: path.describe("The path of the domain's XML.") })
      .describe('The virtual machine.'),
    disk: diskSchema("that of libvirt's images")
      .optional()
      .describe("The guest's first disk; without it, the XML's own is used, and written to."),
    network: networkSchema
      .optional()
      .describe("What the guest's first interface is on; without it, what the domain's XML says."),
  })
  .refine(({ template, disk }) => template === undefined || disk !== undefined, {
    message: 'is needed where there is a "template"',
    path: ['disk'],
  })

export type QemuConfiguration = z.output<typeof qemuSchema>
