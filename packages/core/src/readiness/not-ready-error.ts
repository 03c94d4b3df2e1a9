import { SeeError } from '../common/errors.ts'
import type { Diagnosis } from './diagnosis.ts'

/** A guest did not get ready; `diagnosis` has what was seen of it. */
export class NotReadyError extends SeeError {
  override readonly name = 'NotReadyError'
  readonly diagnosis: Diagnosis

  constructor(diagnosis: Diagnosis, options?: ErrorOptions) {
    const { waitedFor, afterMs, cause } = diagnosis
    const seconds = (afterMs / 1000).toFixed(1)
    super(
      'NOT_READY',
      `the guest is not ready after ${seconds} s (${waitedFor.join(', ')}): ${cause}`,
      options,
    )
    this.diagnosis = diagnosis
  }
}
