import type { CaseInputs } from '@see/runner'

/** What the user asked `see run` for, checked without looking at files. */
export interface RunOptions extends CaseInputs {
  /** Whether the summary is printed as one JSON document. */
  readonly json: boolean
  /** Whether a page of the case is made; not when not given. */
  readonly report?: boolean
  readonly results: string
  readonly resultsMode: number
  /** How long a hook or protocol may keep the process busy, in milliseconds; 30 seconds when not given. */
  readonly loopTimeoutMs?: number | undefined
}
