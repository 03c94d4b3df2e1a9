import { messageOf, printable } from '@see/core'

/** What was thrown, for people: every member of an AggregateError; stacks only when `stacks` are asked for. */
export function errorText(error: unknown, stacks = process.env['SEE_LOG'] === 'debug'): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return error.errors.map((member) => errorText(member, stacks)).join('\n')
  }
  const stack = stacks && error instanceof Error ? error.stack : undefined
  const cause = stacks && error instanceof Error && error.cause !== undefined ? error.cause : undefined
  const text = printable(stack ?? messageOf(error))
  return cause === undefined ? text : `${text}\ncaused by: ${errorText(cause, stacks)}`
}
