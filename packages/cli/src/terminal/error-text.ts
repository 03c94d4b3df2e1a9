import { indented, messageOf } from '@see/core'

/**
 * What was thrown, for people: every member of an AggregateError; stacks only when `stacks` are asked for. Lines after the
 * first are indented as far as `see: ` is.
 */
export function errorText(error: unknown, stacks = process.env['SEE_LOG'] === 'debug'): string {
  return indented(linesOf(error, stacks), 'see: '.length)
}

function linesOf(error: unknown, stacks: boolean): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return error.errors.map((member) => linesOf(member, stacks)).join('\n')
  }
  const stack = stacks && error instanceof Error ? error.stack : undefined
  const cause = stacks && error instanceof Error && error.cause !== undefined ? error.cause : undefined
  const text = stack ?? messageOf(error)
  return cause === undefined ? text : `${text}\ncaused by: ${linesOf(cause, stacks)}`
}
