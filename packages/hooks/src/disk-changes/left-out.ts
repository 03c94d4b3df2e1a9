/** Paths of changed files of which something is left out. */
export interface LeftOut {
  readonly tooLarge: readonly string[]
  /** The time was used up before they were read. */
  readonly tooLate: readonly string[]
  /** They claim to hold more than the disk has room for. */
  readonly tooMuch: readonly string[]
  readonly notExtracted: readonly string[]
  readonly unreadable: readonly string[]
  /** Names in which The Sleuth Kit has put `^` for something, or that have one. */
  readonly unclear: readonly string[]
}

/** Why the content of a file was not read, as its entry in the report has it. */
export const whySkipped = {
  unreadable: 'cannot be read',
  tooLarge: 'larger than size_limit',
  tooMuch: 'the changed files are said to hold more than the disk has room for',
  tooLate: 'the time of the analysis was used up',
} as const
