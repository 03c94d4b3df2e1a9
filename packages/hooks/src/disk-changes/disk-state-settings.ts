import { eventNames, z } from '@see/core'
import { processingKeys } from '../analysis/processing.ts'
import { resultsKey } from '../results/results-key.ts'

const MIB = 1024 * 1024

const bytes = z
  .int()
  .positive()
  .max(1024 * MIB)

/** The configuration of DiskStateAnalyser. */
export const diskStateSettings = z
  .object({
    results_folder: resultsKey('the results'),
    identify_files: z.boolean().default(false).describe('Report the type of each file’s content, by `file`.'),
    get_file_size: z.boolean().default(true).describe('Report the sizes of files.'),
    extract_files: z.boolean().default(false).describe('Keep the content of created and modified files.'),
    use_concurrency: z.boolean().default(true).describe('Read both disks, and several files, at one time.'),
    compare_registries: z.boolean().default(false).describe('Compare the registry of Windows as well.'),
    strict: z
      .boolean()
      .default(false)
      .describe('Compare the content of every file, whatever its size and times say.'),
    reader: z
      .union([z.string().min(1), z.null()])
      .default('auto')
      .describe(
        'The folder with `reader.vmlinuz` and `reader.initrd`, as `guest/build.sh` prints it, by which XFS, btrfs, LVM and md are read; `auto` for where that puts it, null for none.',
      ),
    size_limit: bytes
      .default(64 * MIB)
      .describe('Bytes of a file beyond which its content is neither hashed nor extracted.'),
    changes_limit: z
      .int()
      .positive()
      .max(1_000_000)
      .default(20_000)
      .describe('Created, modified and deleted files that the reports of all disks have at most.'),
    extract_limit: z
      .int()
      .positive()
      .default(1024 * MIB)
      .describe('Bytes that are extracted altogether.'),
    evidence_on_event: eventNames
      .prefault('disk_checkpoint_taken')
      .describe('The event or events whose `path`, a checkpoint, is kept until processing starts.'),
    start_processing_on_event: processingKeys.start_processing_on_event,
    wait_processing_on_event: eventNames
      .prefault('wait_analysis')
      .describe('The event or events that wait until it has ended.'),
    timeout: z
      .number()
      .positive()
      .max(2_147_483)
      .default(600)
      .describe(
        'Seconds that an analysis may take; of several disks, each gets an equal share of what is left.',
      ),
    memory_limit: z
      .int()
      .positive()
      .max(1_048_576)
      .default(2048)
      .describe('MiB of memory that each tool may use.'),
    output_limit: bytes
      .default(256 * MIB)
      .describe('Bytes that each tool may write, of the listing of a disk above all.'),
  })
  .refine(({ size_limit, output_limit }) => size_limit * 2 <= output_limit, {
    path: ['size_limit'],
    message: 'expected at most half of output_limit',
  })

export type DiskStateSettings = z.output<typeof diskStateSettings>
