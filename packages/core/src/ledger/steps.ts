import { channel } from 'node:diagnostics_channel'

/** What has just happened to an entry: `made` only where who made the thing says so. */
export type Step = 'recorded' | 'made' | 'undoing' | 'undone'

/** A message of the diagnostics channel `see:step`. */
export interface StepMessage {
  readonly identifier: string
  readonly step: Step
  readonly what: string
}

const steps = channel('see:step')

/** For observers of this process, such as proofs that kill it at every step. */
export function publishStep(message: StepMessage): void {
  if (steps.hasSubscribers) steps.publish(message)
}
