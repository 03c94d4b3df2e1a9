import { type EvidenceWarning, evidenceWarning } from '../contract/evidence-warning.ts'

/** The guest decides how much goes wrong, so what is kept of it is bounded. */
const MOST_WARNINGS = 500

/** The warnings of one context, each once, oldest first, up to a bound. */
export class WarningRecord {
  readonly #known = new Set<string>()
  readonly #warnings: EvidenceWarning[] = []

  get all(): readonly EvidenceWarning[] {
    return this.#warnings
  }

  /** Returns the warning to announce; undefined when it is on record already, or when the record is full. */
  add(warning: EvidenceWarning): EvidenceWarning | undefined {
    const { code, what, why } = warning
    const key = JSON.stringify([code, what, why])
    if (this.#known.has(key) || this.#warnings.length > MOST_WARNINGS) return undefined
    const kept =
      this.#warnings.length < MOST_WARNINGS
        ? warning
        : evidenceWarning('WARNINGS_CUT', 'further warnings', `only the first ${MOST_WARNINGS} are kept`)
    this.#known.add(key)
    this.#warnings.push(kept)
    return kept
  }
}
