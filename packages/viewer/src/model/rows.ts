/**
 * What the page shows, one row each. `t` is in milliseconds since the case began, by the clock of the host; null where the
 * time is not known. `file` is the index of the file that proves the row, among the files of the report.
 */
interface Row {
  readonly t: number | null
  readonly file: number | null
}

/** Text of the guest, or of a file, up to a bound. */
export interface ShownText {
  readonly text: string
  /** Bytes beyond the text. */
  readonly beyond: number
}

export interface EventRow {
  readonly sequence: number
  /** The event inside whose handler it was fired. */
  readonly parent: number | null
  readonly name: string
  readonly origin: string
  readonly t: number
  /** When the last of its synchronous handlers ended; null where one did not. */
  readonly end: number | null
  /** JSON. */
  readonly attributes: string
}

export interface HandlerRow {
  /** The sequence of its event. */
  readonly event: number
  readonly handler: string
  readonly asynchronous: boolean
  readonly t: number
  /** Null where it did not end, or nothing says that it did. */
  readonly end: number | null
  readonly error: string | null
}

export interface CommandNote {
  readonly label: string
  readonly text: string
}

export interface CommandRow extends Row {
  readonly end: number | null
  readonly what: string
  readonly isSample: boolean
  readonly status: string
  /** How it ended, in words. */
  readonly outcome: string
  readonly failed: boolean
  readonly notes: readonly CommandNote[]
  readonly stdout: ShownText | null
  readonly stderr: ShownText | null
}

export interface ScreenRow extends Row {
  readonly event: string | null
  readonly width: number
  readonly height: number
  /** The number of the picture in the page; null where it is only beside it. */
  readonly picture: number | null
  /** Why it is not in the page. */
  readonly why: string | null
}

export interface ConversationRow extends Row {
  readonly end: number
  readonly protocol: string
  readonly source: string
  readonly destination: string
  /** Names that the guest knew the destination by. */
  readonly names: string
  readonly packets: number
  readonly bytes: number
}

/** Something asked for: a name, a page, a greeting by TLS. */
export interface RequestRow extends Row {
  readonly protocol: string
  readonly what: string
  readonly server: string
  readonly detail: string
  readonly count: number
}

export interface ChangeRow extends Row {
  readonly change: 'created' | 'modified' | 'deleted'
  readonly path: string
  readonly type: string
  readonly size: number | null
  readonly detail: string
  readonly sha1: string | null
  /** The file of the report with its content. */
  readonly content: number | null
}

export interface RegistryRow extends Row {
  readonly change: 'created' | 'modified' | 'deleted'
  readonly key: string
  readonly value: string | null
  readonly data: string
  readonly original: string
}

export interface MatchRow extends Row {
  readonly rule: string
  readonly scanned: string
  readonly strings: string
  readonly count: number
}

export interface ConsoleRow extends Row {
  readonly end: number | null
  readonly name: string
  readonly text: ShownText
}

export interface AttemptRow extends Row {
  readonly target: string
  readonly tried: string
  readonly expected: string
  readonly seen: string
  readonly by: string
  readonly verdict: string
}

/** Whether a file is what the manifest says. */
export type FileCheck = 'same' | 'differs' | 'gone' | 'growing' | 'unchecked' | 'unhashed'

export interface FileRow {
  readonly path: string
  readonly kind: string
  readonly bytes: number | null
  readonly sha256: string | null
  readonly event: string | null
  readonly writer: string
  readonly t: number
  readonly end: number | null
  readonly check: FileCheck
  /** Whether the page links to it: only to what no browser runs. */
  readonly linked: boolean
}

export interface IndicatorRow {
  readonly kind: 'address' | 'name' | 'url' | 'sha256' | 'sha1' | 'path'
  readonly value: string
  readonly from: string
}

export interface WarningRow {
  readonly code: string
  readonly what: string
  readonly why: string
}
