import { z } from 'zod'

const size = z.number()
const attributes = z.record(z.string(), z.string())

const path = z.string().describe('Its path; on a disk with partitions after the partition: `p2:/etc/passwd`.')
const type = z
  .string()
  .describe('`file`, `directory`, `symbolic link` and so on; of an identified file, what its content is.')
const skipped = z.string().optional().describe('Why its content was not read, where it was not.')

const fileEntry = {
  path,
  type,
  size: size.optional().describe('Its size, in bytes.'),
  sha1: z.string().optional().describe('The SHA-1 of its content, in hexadecimal.'),
  permissions: z.string().describe('Its permissions, as in `rw-r--r--`.'),
  uid: z.number().describe('The number of its user.'),
  gid: z.number().describe('The number of its group.'),
  mtime: z
    .string()
    .nullable()
    .describe('When it was modified, in ISO 8601, by the clock of the guest; null where that is not known.'),
  target: z.string().optional().describe('Where a symbolic link leads.'),
  device: z.string().optional().describe('The number of a device.'),
  attributes: attributes
    .optional()
    .describe(
      'Extended attributes, access control lists and capabilities among them, by their names; values are text in quotes, or hexadecimal digits behind `0x`, as getfattr writes them.',
    ),
  flags: z.string().optional().describe('Flags as lsattr writes them, such as `i` for immutable.'),
  skipped,
}
const extracted = z.string().optional().describe('Where its content is, within the results folder.')

/** A file that is new. */
export const createdFile = z.object({
  ...fileEntry,
  renamed_from: z.string().optional().describe('The path that it had before.'),
  extracted,
})

/** A file that is different. */
export const modifiedFile = z.object({
  ...fileEntry,
  changes: z
    .array(z.string())
    .describe(
      'What is different: `kind`, `permissions`, `owner`, `target`, `device`, `attributes`, `flags`, `size`, `content`, `mtime`, `ctime`.',
    ),
  original_type: z.string().describe('What it was before.'),
  original_size: size.optional().describe('Its size before, in bytes.'),
  original_sha1: z.string().optional().describe('The SHA-1 of its content before.'),
  original_permissions: z.string().describe('Its permissions before.'),
  original_mtime: z.string().nullable().describe('When it had been modified before.'),
  original_target: z.string().optional().describe('Where the symbolic link led before.'),
  original_device: z.string().nullable().optional().describe('The number of the device before.'),
  original_attributes: attributes.optional().describe('Its extended attributes before.'),
  original_flags: z.string().optional().describe('Its flags before.'),
  extracted,
})

/** A file that is gone. */
export const deletedFile = z.object({
  path,
  type,
  size: size.optional().describe('Its size before, in bytes.'),
  original_sha1: z.string().optional().describe('The SHA-1 of its content before.'),
  renamed_to: z.string().optional().describe('The path that it has now.'),
  skipped,
})
