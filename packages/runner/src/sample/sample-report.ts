/** What `run.json` says of the sample. */
export interface SampleReport {
  /** As it was given, absolute; `-` for standard input. */
  readonly path: string
  /** SHA-256 of the file that was given, as hexadecimal digits; null for a folder. */
  readonly sha256: string | null
  /** What it was recognised as, for people. */
  readonly is: string
  /** The file of a folder or an archive that is the sample; null where it is all of it. */
  readonly entry: string | null
  readonly entry_is: string | null
  readonly arguments: readonly string[]
  /** How many links and special files of an archive were left out. */
  readonly left_out: number
}
