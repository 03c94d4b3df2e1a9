import type { RunReport } from '@see/runner'

export type HostileProvider = 'embedded' | 'libvirt'

/** One thing that a guest does to SEE. */
export interface HostileRow {
  readonly name: string
  /** A script for the guest's shell, which is the sample of a run. */
  readonly script: string
  /** How long it may run, and the deadline of the run, in seconds. */
  readonly runtime: number
  readonly deadline: number
  /** Which exit codes are right; a hostile guest may also be quick or slow. */
  readonly exitCodes: readonly number[]
  /** Keys of the resources file, or what is made of it. */
  readonly resources?: object | ((guest: object) => object)
  /** Changes the XML of a domain through libvirt, which then boots instead of being a clone. */
  readonly domain?: (xml: string) => string
  /** The hooks, with `results_folder` left to the run; the stock ones without it. */
  readonly hooks?: readonly object[]
  /** Files beside the sample, by their names. */
  readonly files?: Readonly<Record<string, Buffer>>
  /** Further options of `see run`. */
  readonly options?: readonly string[]
  /** Asserts that the report, or the evidence, says what happened. */
  readonly says: (run: HostileRun) => void
  /** Where it cannot be done otherwise, the only provider that it is tried with. */
  readonly only?: HostileProvider
}

/** What a run came to, with what its process measured of itself. */
export interface HostileRun {
  readonly provider: HostileProvider
  readonly exitCode: number | null
  readonly report: RunReport
  /** Standard output: the summary for people. */
  readonly out: string
  readonly error: string
  readonly tookMs: number
  readonly peakMib: number
  readonly longestGapMs: number
  /** Reads the file of the evidence whose name ends so; empty where there is none. */
  readonly read: (end: string) => string
}
