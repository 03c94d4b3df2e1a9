declare module '@see/core' {
  interface EventMap {
    /** Fired by MemoryHook when a snapshot of the guest's memory is complete. */
    memory_snapshot_taken: {
      /** The snapshot's file on this host. */
      readonly path: string
    }
  }
}

/** The event that MemoryHook fires. */
export type MemoryEvent = 'memory_snapshot_taken'
