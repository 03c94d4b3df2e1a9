import { SeeError } from '../common/errors.ts'
import type { Diagnosis } from './diagnosis.ts'

/** A guest did not get ready, or ended before (`GUEST_STOPPED`); `diagnosis` has what was seen of it. */
export class NotReadyError extends SeeError {
  override readonly name = 'NotReadyError'
  readonly diagnosis: Diagnosis

  constructor(diagnosis: Diagnosis, options?: ErrorOptions) {
    const { waitedFor, afterMs, cause, state } = diagnosis
    const isOff = state === 'shutoff' || state === 'crashed'
    const seconds = (afterMs / 1000).toFixed(1)
    super(
      isOff ? 'GUEST_STOPPED' : 'NOT_READY',
      `the guest is not ready after ${seconds} s (${waitedFor.join(', ')}): ${cause}`,
      options,
    )
    this.diagnosis = diagnosis
  }
}
