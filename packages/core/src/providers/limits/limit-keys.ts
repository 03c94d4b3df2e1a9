import { z } from 'zod'
import { defaultEvidenceBounds } from '../../contract/evidence-bounds.ts'

/** A key that every provider has that SEE watches. */
export const limitKeys = {
  cpu_seconds: z
    .int()
    .positive()
    .max(31_536_000)
    .default(14_400)
    .describe('Seconds of CPU time that one run of the guest may take, after which it is killed.'),
}

/** Keys of what hooks write, which every provider has. */
export const evidenceLimitKeys = {
  evidence_mib: z
    .int()
    .positive()
    .max(16_777_216)
    .default(defaultEvidenceBounds.evidence_mib)
    .describe('MiB that the files of evidence may take together, after which no further one is written.'),
  evidence_files: z
    .int()
    .positive()
    .max(10_000_000)
    .default(defaultEvidenceBounds.evidence_files)
    .describe('Files of evidence, after which no further one is written.'),
}

/** Keys for guests whose disk is a file. */
export const diskLimitKeys = {
  host_disk_mib: z
    .int()
    .nonnegative()
    .max(16_777_216)
    .default(1024)
    .describe(
      'MiB that stay free on the host where the guest’s disk grows: below that, the guest is paused. Half of what is free at power-on where that is less.',
    ),
  disk_mib: z
    .int()
    .positive()
    .max(16_777_216)
    .default(10_240)
    .describe("MiB to which the file of the guest's disk may grow, at which it is killed."),
  disk_mib_per_second: z
    .int()
    .positive()
    .max(1_048_576)
    .optional()
    .describe('MiB that the guest may read and write of its disk in a second; it waits for the rest.'),
}

/** Keys for what libvirt bounds. */
export const hypervisorLimitKeys = {
  memory_mib: z
    .int()
    .min(64)
    .max(16_777_216)
    .optional()
    .describe(
      'MiB of memory of the host that the guest may take in all, that of its hypervisor included, at which the host kills it; not bounded when not given.',
    ),
  network_mib_per_second: z
    .int()
    .positive()
    .max(1_048_576)
    .optional()
    .describe('MiB that the first interface may send, and receive, in a second; the rest waits, or is lost.'),
}

/** A key for guests whose processes are those of the host. */
export const containerLimitKeys = {
  processes: z
    .int()
    .min(16)
    .max(4_194_304)
    .default(4096)
    .describe('Processes and threads that the container may have; it is refused more. Root only.'),
}
