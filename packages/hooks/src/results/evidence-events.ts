declare module '@see/core' {
  interface EventMap {
    /**
     * Fired by every hook that writes evidence, when nothing more is added to a file; the hook does not wait for its handlers.
     * The files that DiskStateAnalyser extracts, and those that programs over evidence leave, have none: their report
     * or record has one. A file that was written at this event has none.
     */
    evidence_written: {
      /** What kind of evidence it is, as in the manifest. */
      readonly kind: string
      /** The file on this host. */
      readonly path: string
      /** Size of the file, in bytes. */
      readonly bytes: number
      /** The SHA-256 of its content, in hexadecimal; null where the file could not be read in time. */
      readonly sha256: string | null
      /** Its media type, such as `application/json`. */
      readonly media_type: string
      /** The class of the hook that wrote it. */
      readonly writer: string
      /** `incomplete` where the hook knows that something is missing in it. */
      readonly state: 'complete' | 'incomplete'
    }
  }
}

/** The event that every hook fires that writes evidence. */
export type EvidenceEvent = 'evidence_written'
