/** The checkpoint of a disk beside the guest's first. */
export interface DiskCheckpoint {
  /** The name that the domain's XML gives the disk, such as `vdb`. */
  readonly disk: string
  readonly path: string
}

declare module '@see/core' {
  interface EventMap {
    /** Fired by DiskCheckPointHook when a checkpoint of the guest's disk is complete. */
    disk_checkpoint_taken: {
      /** The checkpoint's file on this host. */
      readonly path: string
      /** The checkpoints of the guest's further disks; left out where it has none. */
      readonly other_disks?: readonly DiskCheckpoint[]
    }
    /** Fired by DiskStateAnalyser when its processing was waited for and there are files that it extracted. */
    files_extracted: {
      /** The folder with them, on this host. */
      readonly path: string
    }
  }
}

/** The events that DiskCheckPointHook and DiskStateAnalyser fire. */
export type DiskEvent = 'disk_checkpoint_taken' | 'files_extracted'
