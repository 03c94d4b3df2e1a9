import { defaultEvidenceBounds, type LimitName, SeeError, type SeeContext } from '@see/core'

const MIB = 1024 * 1024

/** What the evidence of one environment may take of the disk, and has taken. */
export class EvidenceBudget {
  readonly #context: SeeContext
  readonly #reported = new Set<LimitName>()
  #files = 0
  #bytes = 0

  constructor(context: SeeContext) {
    this.#context = context
  }

  /**
   * Called before a file is begun.
   * @throws SeeError `EVIDENCE_LIMIT` when there is no room for one
   */
  admit(path: string): void {
    const { evidence_files: most } = this.#bounds
    if (this.#files >= most) throw this.#reached('evidence_files', most, this.#files, path)
    this.#assertBytes(path)
  }

  addFile(): void {
    this.#files++
  }

  removeFile(bytes: number): void {
    this.#files--
    this.add(-bytes)
  }

  /** Counts bytes that are written in any case, as of a file that grows, whose hook bounds it; fewer when negative. */
  add(bytes: number): void {
    this.#bytes += bytes
  }

  /**
   * Counts bytes of a file that is written as a whole.
   * @throws SeeError `EVIDENCE_LIMIT` when they are too many
   */
  spend(bytes: number, path: string): void {
    this.add(bytes)
    this.#assertBytes(path)
  }

  get #bounds() {
    return this.#context.resources.evidenceBounds ?? defaultEvidenceBounds
  }

  #assertBytes(path: string): void {
    const { evidence_mib: most } = this.#bounds
    const mib = this.#bytes / MIB
    if (mib > most) throw this.#reached('evidence_mib', most, Math.ceil(mib), path)
  }

  #reached(limit: LimitName, bound: number, measured: number, path: string): SeeError {
    const detail = `${path} is not written: limits.${limit} of the resources is ${bound}`
    if (!this.#reported.has(limit)) {
      this.#reported.add(limit)
      this.#context.reportLimit({ limit, bound, measured, action: 'refused', detail })
    }
    return new SeeError('EVIDENCE_LIMIT', detail)
  }
}
