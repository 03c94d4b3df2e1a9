import { messageOf } from '@see/core'

/** @throws the failure, if it is the only one, or AggregateError with all of them */
export function throwAll(failures: readonly unknown[]): void {
  if (failures.length === 1) throw failures[0]
  if (failures.length > 1) throw new AggregateError(failures, failures.map(messageOf).join('; '))
}
