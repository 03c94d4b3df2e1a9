import type { Manifest } from '../manifest/manifest.ts'
import type { Timeline } from '../timeline/parse-timeline.ts'

/** The evidence of one environment, as version 2 of the format has it, whatever it was written as. */
export interface EvidenceModel {
  /** The version of the format that it was written in. */
  readonly version: 1 | 2
  readonly manifest: Manifest
  /** Undefined where there is none. */
  readonly timeline: Timeline | undefined
  /** What is not there, or cannot be read, in words. */
  readonly missing: readonly string[]
}
