import type {
  AttemptRow,
  ChangeRow,
  CommandRow,
  ConsoleRow,
  ConversationRow,
  EventRow,
  FileRow,
  HandlerRow,
  IndicatorRow,
  MatchRow,
  RegistryRow,
  RequestRow,
  ScreenRow,
  WarningRow,
} from './rows.ts'

/** What a case came to; the parts of `run.json` that the page shows. */
export interface Head {
  readonly ok: boolean
  readonly exitCode: number
  readonly error: string | null
  readonly sample: SampleHead | null
  readonly failures: readonly { readonly event: string; readonly handler: string; readonly message: string }[]
  readonly limits: readonly { readonly limit: string; readonly action: string; readonly detail: string }[]
  /** What the guest did that it was not asked to. */
  readonly guest: readonly string[]
}

export interface SampleHead {
  readonly path: string
  readonly sha256: string | null
  readonly is: string
  readonly entry: string | null
  readonly arguments: readonly string[]
}

/** What a probe in the guest saw before the sample was run. */
export interface IsolationHead {
  /** Why nothing was verified; null where it was. */
  readonly unprobed: string | null
  readonly from: readonly string[]
  /** What it reached though that is forbidden. */
  readonly reached: readonly string[]
  /** What it did not reach though that is allowed. */
  readonly missed: readonly string[]
  readonly unproved: readonly string[]
}

/** Packets a slice of time. */
export interface Rate {
  readonly from: number
  /** The length of a slice, in milliseconds. */
  readonly slice: number
  readonly packets: readonly number[]
  readonly bytes: readonly number[]
}

/** What was left out of the page. */
export interface Omitted {
  readonly what: string
  readonly count: number
}

/** Everything that the page knows of a case: what `exportHtml` puts into it. */
export interface ReportIndex {
  readonly identifier: string
  /** When the case began, in milliseconds since the epoch: `t` is counted from here. */
  readonly started: number
  /** How long it took, in milliseconds. */
  readonly duration: number
  /** The version of the format; null where there is no evidence. */
  readonly version: 1 | 2 | null
  readonly complete: boolean
  /** What the evidence lacks, in words. */
  readonly missing: readonly string[]
  /** From the page to the folder of the evidence: empty, or a relative address with `/` at its end. */
  readonly folder: string
  readonly head: Head | null
  /** Null where the guest was not probed. */
  readonly isolation: IsolationHead | null
  /** Why the guest did not get ready. */
  readonly notReady: string | null
  readonly events: readonly EventRow[]
  readonly handlers: readonly HandlerRow[]
  readonly commands: readonly CommandRow[]
  readonly screens: readonly ScreenRow[]
  readonly conversations: readonly ConversationRow[]
  readonly rate: Rate | null
  readonly requests: readonly RequestRow[]
  readonly changes: readonly ChangeRow[]
  readonly registry: readonly RegistryRow[]
  readonly matches: readonly MatchRow[]
  readonly consoles: readonly ConsoleRow[]
  readonly attempts: readonly AttemptRow[]
  readonly warnings: readonly WarningRow[]
  readonly files: readonly FileRow[]
  readonly indicators: readonly IndicatorRow[]
  readonly omitted: readonly Omitted[]
}
