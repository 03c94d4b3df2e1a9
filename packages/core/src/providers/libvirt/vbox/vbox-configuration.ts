import { z } from 'zod'
import { legacyName } from '../../../configuration/legacy-name.ts'
import { imageSchema } from '../../../images/image.ts'

const path = z.string().min(1)

/** A resources file of VirtualBox through libvirt. */
export const vboxSchema = z.strictObject({
  $schema: z.string().optional().describe('The JSON Schema of this file, for editors.'),
  name: legacyName,
  hypervisor: path.default('vbox:///session').describe("libvirt's URI of the hypervisor."),
  domain: z
    .strictObject({ configuration: path.describe("The path of the domain's XML.") })
    .describe('The virtual machine.'),
  disk: z
    .strictObject({ image: imageSchema.describe('The image: a path, or what a provider is to fetch.') })
    .optional()
    .describe(
      "The guest's first disk, a VDI, VMDK or VHD. The guest writes to the image itself: it is not cloned.",
    ),
})

export type VboxConfiguration = z.output<typeof vboxSchema>
