import { z } from 'zod'
import { createdFile, deletedFile, modifiedFile } from './changed-file.ts'
import { registryChangesSchema } from './registry-changes.ts'
import { warnings } from './warning.ts'

const sectors = z.number()

const partition = z.object({
  name: z
    .string()
    .nullable()
    .describe('As it is in paths, such as `p2`, `group/volume` for LVM, `md/name`; null for the whole disk.'),
  start_sector: sectors
    .nullable()
    .describe(
      'Where it begins, in sectors of 512 bytes; null for a volume, which may be in several partitions.',
    ),
  original_sectors: sectors
    .nullable()
    .describe('Its size before, in sectors of 512 bytes; null where the disk had no such partition.'),
  sectors: sectors
    .nullable()
    .describe('Its size, in sectors of 512 bytes; null where the disk has no such partition any more.'),
  original_file_system: z
    .string()
    .nullable()
    .describe('The type of its file system before; null where its files were not listed.'),
  file_system: z
    .string()
    .nullable()
    .describe('The type of its file system; null where its files were not listed.'),
  original_content: z
    .string()
    .nullable()
    .describe(
      'What it held, also where files were not listed: `xfs`, `LVM2_member`, `swap`; null where not known.',
    ),
  content: z.string().nullable().describe('What it holds.'),
  compared: z
    .enum(['files', 'volumes', 'same', 'changed'])
    .describe(
      'Whether its files were compared, or else all of its bytes, which are `same` or `changed`; `volumes` where it holds volumes that are entries of their own.',
    ),
  not_compared: z.array(z.string()).describe('What may have changed and would not be in the report.'),
})

const gap = z.object({
  start_sector: sectors.describe('Where it begins, in sectors of 512 bytes.'),
  sectors: sectors.describe('Its size, in sectors of 512 bytes.'),
  kind: z
    .enum(['boot', 'gap'])
    .describe('`boot` for the one at the beginning of the disk, with boot code and partition table.'),
})

/** What the guest changed on one of its disks. */
export const diskChangesSchema = z.object({
  disk: z
    .string()
    .optional()
    .describe('The name of the disk in the XML of the domain, such as `vdb`; not there for the first disk.'),
  before: z.string().describe('The path on the host of the image that the disk was compared with.'),
  after: z
    .string()
    .nullable()
    .describe('The path on the host of the checkpoint that was compared; null for the disk as it was then.'),
  partitions: z
    .array(partition)
    .describe('Partitions of either disk, the whole of a disk, or volumes of LVM or md.'),
  changed_gaps: z.array(gap).describe('Parts of the disk that are in no partition, and differ.'),
  created_files: z.array(createdFile).describe('Files that are new.'),
  modified_files: z.array(modifiedFile).describe('Files that are different.'),
  deleted_files: z.array(deletedFile).describe('Files that are gone.'),
  registry: registryChangesSchema
    .nullable()
    .describe('What changed in the registry of Windows; null where registries were not compared.'),
  warnings: warnings.describe('What was not compared.'),
  errors: z.array(z.string()).describe('What could not be compared.'),
})

/** What the guest changed on one of its disks. */
export type DiskChanges = z.output<typeof diskChangesSchema>
