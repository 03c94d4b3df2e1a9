import type { EvidenceWarning } from '@see/core'
import type { RegistryChanges } from './registry/registry-changes.ts'
import type { Uncompared } from './uncompared.ts'

/** A file in `<identifier>_filesystem.json`; what is not known or was not asked for is left out. */
interface FileEntry {
  /** On a disk with partitions after the partition: `p2:/etc/passwd`. */
  readonly path: string
  /** `file`, `directory`, `symbolic link` and so on; of an identified file, what `file` says of its content. */
  readonly type: string
  readonly size?: number
  readonly sha1?: string
  readonly permissions: string
  readonly uid: number
  readonly gid: number
  /** When it was modified, by the guest's clock; null where that is not known. */
  readonly mtime: string | null
  readonly target?: string
  /** Number of a device. */
  readonly device?: string
  /**
   * Extended attributes, access control lists and capabilities among them, by their names; values are text in quotes, or
   * hexadecimal digits behind `0x`, as getfattr writes them.
   */
  readonly attributes?: Readonly<Record<string, string>>
  /** Flags as lsattr writes them, such as `i` for immutable. */
  readonly flags?: string
  /** Why its content was not read, if it was not. */
  readonly skipped?: string
}

export interface CreatedFile extends FileEntry {
  readonly renamed_from?: string
  /** Where its content is, within the results folder. */
  readonly extracted?: string
}

export interface ModifiedFile extends FileEntry {
  /**
   * What is different: `kind`, `permissions`, `owner`, `target`, `device`, `attributes`, `flags`, `size`, `content`,
   * `mtime`, `ctime`.
   */
  readonly changes: readonly string[]
  readonly original_type: string
  readonly original_size?: number
  readonly original_sha1?: string
  readonly original_permissions: string
  readonly original_mtime: string | null
  readonly original_target?: string
  readonly original_device?: string | null
  readonly original_attributes?: Readonly<Record<string, string>>
  readonly original_flags?: string
  readonly extracted?: string
}

export interface DeletedFile {
  readonly path: string
  readonly type: string
  readonly size?: number
  readonly original_sha1?: string
  readonly renamed_to?: string
  readonly skipped?: string
}

/** A partition of either disk, the whole of a disk, or a volume of LVM or md. Sectors have 512 bytes. */
export interface PartitionEntry {
  /** As it stands in paths, such as `p2`, `group/volume` for LVM, `md/name`; null for the whole disk. */
  readonly name: string | null
  /** Null for a volume, which may be in several partitions. */
  readonly start_sector: number | null
  /** Null where the disk has no such partition. */
  readonly original_sectors: number | null
  readonly sectors: number | null
  /** The type of the file system; null when its files were not listed. */
  readonly original_file_system: string | null
  readonly file_system: string | null
  /** What it holds, also where files were not listed: `xfs`, `LVM2_member`, `swap`; null when that is not known. */
  readonly original_content: string | null
  readonly content: string | null
  /**
   * Whether its files were compared, or else all of its bytes, which are `same` or `changed`; `volumes` when it holds
   * volumes that are entries of their own.
   */
  readonly compared: 'files' | 'volumes' | 'same' | 'changed'
  /** What may have changed and would not be in the report; nothing where all bytes were compared. */
  readonly not_compared: readonly Uncompared[]
}

/** A part of the disk that is in no partition, and differs. */
export interface ChangedGap {
  readonly start_sector: number
  readonly sectors: number
  /** `boot` for the one at the beginning of the disk, with boot code and partition table, else `gap`. */
  readonly kind: 'boot' | 'gap'
}

/** What is in `<identifier>_filesystem.json`. */
export interface FilesystemReport {
  /** The name of the disk in the domain's XML, such as `vdb`; left out for the first disk. */
  readonly disk?: string
  /** The image that the disk was compared with. */
  readonly before: string
  /** The checkpoint that was compared; null for the disk as it was then. */
  readonly after: string | null
  readonly partitions: readonly PartitionEntry[]
  readonly changed_gaps: readonly ChangedGap[]
  readonly created_files: readonly CreatedFile[]
  readonly modified_files: readonly ModifiedFile[]
  readonly deleted_files: readonly DeletedFile[]
  /** Null when registries were not compared. */
  readonly registry: RegistryChanges | null
  /** What was not compared. */
  readonly warnings: readonly EvidenceWarning[]
  /** What could not be compared: each is part of a failure on record. */
  readonly errors: readonly string[]
}
