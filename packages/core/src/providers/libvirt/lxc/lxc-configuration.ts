import { z } from 'zod'
import { legacyName } from '../../../configuration/legacy-name.ts'
import {
  containerLimitKeys,
  evidenceLimitKeys,
  hypervisorLimitKeys,
  limitKeys,
} from '../../limits/limit-keys.ts'
import { isolationSchema } from '../../../contract/isolation.ts'
import { networkSchema } from '../network/network-schema.ts'

const path = z.string().min(1)

const filesystem = z.strictObject({
  source_path: z
    .string()
    .min(1)
    .describe('The folder in which a folder named after the environment is made.'),
  target_path: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .describe('Where that is mounted in the container.'),
})

/** One or several. */
export const filesystemSchema = z
  .union([filesystem.transform((one) => [one]), z.array(filesystem)])
  .default([])

/** A resources file of LXC through libvirt. */
export const lxcSchema = z.strictObject({
  $schema: z.string().optional().describe('The JSON Schema of this file, for editors.'),
  name: legacyName,
  hypervisor: path.default('lxc:///').describe("libvirt's URI of the hypervisor."),
  domain: z
    .strictObject({
      configuration: path.describe("The path of the domain's XML."),
      filesystem: filesystemSchema.describe(
        'A folder, or a list of them, made for each environment, mounted in its container and removed again.',
      ),
    })
    .describe('The container.'),
  isolation: isolationSchema.prefault({}).describe('Whether the isolation of the guest is verified.'),
  network: networkSchema
    .optional()
    .describe(
      "What the container's first interface is on; without it, what the domain's XML says, and a container without an interface has no network at all.",
    ),
  limits: z
    .strictObject({ ...limitKeys, ...hypervisorLimitKeys, ...containerLimitKeys, ...evidenceLimitKeys })
    .prefault({})
    .describe('What a container may use of this host.'),
})

export type LxcConfiguration = z.output<typeof lxcSchema>
