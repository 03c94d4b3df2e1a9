/** A file in a results folder. */
export interface ListedFile {
  /** Relative to the folder, with `/` between its parts. */
  readonly path: string
  /** Its size. */
  readonly bytes: number
}

/** A results folder, wherever it is: on a disk, behind a server, in an archive. */
export interface EvidenceSource {
  /** The files in it and in the folders within. */
  list(): Promise<readonly ListedFile[]>
  /** The beginning of a file, `mostBytes` of it at most; undefined where it is not there, or cannot be read. */
  read(path: string, mostBytes: number): Promise<Uint8Array | undefined>
}
