import { z } from 'zod'
import { templateKeys } from '../../../templates/template-keys.ts'
import { diskSchema } from '../../../images/disk-configuration.ts'
import { legacyName } from '../../../configuration/legacy-name.ts'
import { isolationSchema } from '../../../contract/isolation.ts'
import { networkSchema } from '../network/network-schema.ts'
import { diskLimitKeys, evidenceLimitKeys, hypervisorLimitKeys, limitKeys } from '../../limits/limit-keys.ts'

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
      .extend({
        others: z
          .enum(['overlay', 'read-only', 'shared'])
          .default('overlay')
          .describe(
            "What becomes of the disks of the domain's XML beside the first that are not `<readonly/>`. `overlay`: each environment has an overlay of its own, gone after it; `read-only`: the guest cannot write to them; `shared`: all guests write to the user's own file, for good.",
          ),
      })
      .optional()
      .describe("The guest's first disk; without it, the XML's own is used, and written to."),
    isolation: isolationSchema.prefault({}).describe('Whether the isolation of the guest is verified.'),
    network: networkSchema
      .optional()
      .describe("What the guest's first interface is on; without it, what the domain's XML says."),
    limits: z
      .strictObject({ ...limitKeys, ...diskLimitKeys, ...hypervisorLimitKeys, ...evidenceLimitKeys })
      .prefault({})
      .describe('What a guest may use of this host.'),
  })
  .refine(({ template, disk }) => template === undefined || disk !== undefined, {
    message: 'is needed where there is a "template"',
    path: ['disk'],
  })

export type QemuConfiguration = z.output<typeof qemuSchema>
