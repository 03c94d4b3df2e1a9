import type { CaseInputs } from '@see/runner'

/** What the user asked `see run` for, checked without looking at files. */
export interface RunOptions extends CaseInputs {
  /** Whether the summary is printed as one JSON document. */
  readonly json: boolean
}
