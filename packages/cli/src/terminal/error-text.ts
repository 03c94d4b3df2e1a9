import { indented, messageOf, ownErrorFacts } from '@see/core'

/**
 * What was thrown, for people: every member of an AggregateError, with the advice for a code that a package declared; stacks
 * only when `stacks` are asked for. Lines after the first are indented by the width of `see: `.
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
  // The messages of stock errors have their advice.
  const advice = ownErrorFacts(error)?.advice
  const lines = [stack ?? messageOf(error)]
  if (advice !== undefined) lines.push(advice)
  if (cause !== undefined) lines.push(`caused by: ${linesOf(cause, stacks)}`)
  return lines.join('\n')
}
