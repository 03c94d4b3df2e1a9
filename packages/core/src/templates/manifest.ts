import { z } from 'zod'
import { fileFacts } from './file-facts.ts'
import { templateName } from './template-name.ts'

/** Version of the folder's format; another one is not read. */
export const TEMPLATE_VERSION = 4

/** What a frozen guest runs on. A machine that differs in any of it cannot take it over. */
export const templateMachine = z.strictObject({
  /** What its clones run on: `embedded` for QEMU as a child of SEE, `libvirt` for QEMU through libvirt. */
  provider: z.string().min(1),
  /** Version of the daemon that makes QEMU's devices out of XML; null where there is none. */
  libvirt_version: z.string().min(1).nullable(),
  qemu_version: z.string().min(1),
  machine: z.string().min(1),
  accelerator: z.string().min(1),
  cpu: z.string().min(1),
  /** The host's processor, where the guest sees it: not under emulation. */
  host_cpu: z.string().nullable(),
  memory_mib: z.int().positive(),
  /** SHA-256 of QEMU's other arguments that the guest sees: its devices, in their order. */
  devices_sha256: z.string().regex(/^[0-9a-f]{64}$/),
})

export type TemplateMachine = z.output<typeof templateMachine>

const input = z.strictObject({ path: z.string().min(1), ...fileFacts.shape })

/** `manifest.json` of a template. */
export const templateManifest = z.strictObject({
  version: z.literal(TEMPLATE_VERSION),
  name: templateName,
  created: z.iso.datetime(),
  /** The resources file that it was built from. */
  resources: z.string().nullable(),
  machine: templateMachine,
  /** The way by which a clone gets its identity; null where it gets none. */
  identity: z.enum(['port', 'agent']).nullable(),
  /** How long it took from its start until it could be frozen: what is waited for in a clone may take as long. */
  boot_ms: z.int().positive().max(2_147_483_647),
  /** Its network card and subnet, which a clone without an identity of its own keeps; null where it has no card. */
  card: z
    .strictObject({
      mac_address: z.string().regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/),
      /** Null where SEE did not choose it for this guest alone. */
      subnet: z
        .string()
        .regex(/^10(\.\d{1,3}){2}\.0\/24$/)
        .nullable(),
    })
    .nullable(),
  /**
   * Whether the guest's file systems were frozen, and each clone thaws them: then nothing waits in the journals of its disk
   * to be put in place.
   */
  at_rest: z.boolean(),
  /** What it was made from: the disk's image, the kernel. */
  inputs: z.array(input).max(8),
  memory: fileFacts,
  state: fileFacts,
  disk: fileFacts,
  overlay: fileFacts,
})

export type TemplateManifest = z.output<typeof templateManifest>
