import { z } from 'zod'
import { templateName } from '../templates/template-name.ts'
import { imageSchema } from './image.ts'
import { legacyName } from './legacy-name.ts'
import { networkSchema } from './network-plan.ts'

const path = z.string().min(1)

/** A resources file of QEMU through libvirt. */
export const qemuSchema = z
  .strictObject({
    $schema: z.string().optional().describe('The JSON Schema of this file, for editors.'),
    name: legacyName,
    hypervisor: path.default('qemu:///system').describe("libvirt's URI of the hypervisor."),
    template: templateName
      .optional()
      .describe('The template that each guest is a clone of; it was built from this file.'),
    identity: z
      .boolean()
      .default(true)
      .describe(
        'Whether the clones of a template that is built from this file are told who they are. Where not, they are all one machine, to the random numbers.',
      ),
    domain: z
      .strictObject({ configuration: path.describe("The path of the domain's XML.") })
      .describe('The virtual machine.'),
    disk: z
      .strictObject({
        image: imageSchema.describe(
          'The image, which is never written: a path, or what a provider is to fetch.',
        ),
        clone: z
          .strictObject({
            storage_pool_path: path
              .optional()
              .describe(
                "The folder in which each environment gets a folder of its own; that of libvirt's images when not given.",
              ),
            copy_on_write: z
              .boolean()
              .default(true)
              .describe(
                '`true`: an overlay that holds only what the guest changes; `false`: a copy of the whole image.',
              ),
          })
          .prefault({})
          .describe('How each environment gets a disk of its own.'),
      })
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
