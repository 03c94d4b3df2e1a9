/** One thing that was looked at on the host. */
export interface Finding {
  readonly name: string
  readonly ok: boolean
  /** What was found: a version, or what is wrong. */
  readonly detail: string
  /** The command, or the advice, that mends it; null when there is nothing to mend. */
  readonly mend: string | null
  /** Whether the provider cannot work without it. */
  readonly required: boolean
}

export interface ProviderFindings {
  readonly provider: string
  readonly ready: boolean
  readonly findings: readonly Finding[]
}

export function ok(name: string, detail: string): Finding {
  return { name, ok: true, detail, mend: null, required: true }
}

export function missing(name: string, detail: string, mend: string): Finding {
  return { name, ok: false, detail, mend, required: true }
}
