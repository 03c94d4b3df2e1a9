declare module '@see/core' {
  interface EventMap {
    /** Fired by DiskCheckPointHook when a checkpoint of the guest's disk is complete. */
    disk_checkpoint_taken: {
      /** The checkpoint's file on this host. */
      readonly path: string
    }
  }
}

/** The event that DiskCheckPointHook fires. */
export type DiskEvent = 'disk_checkpoint_taken'
