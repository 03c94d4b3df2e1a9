/** What the evidence of one environment may take of its results folder's disk. */
export interface EvidenceBounds {
  readonly evidence_mib: number
  readonly evidence_files: number
}

/** The bounds where a provider has no keys for them. */
export const defaultEvidenceBounds: EvidenceBounds = { evidence_mib: 20_480, evidence_files: 200_000 }
