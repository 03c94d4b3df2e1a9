import type { Attributes } from '../events/event.ts'
import type { WaitOptions } from '../contract/wait-options.ts'

/** Attributes of the two events of a transition. Those two names are refused: they belong into the next argument. */
export interface TransitionAttributes extends Attributes {
  readonly signal?: never
  readonly timeoutMs?: never
}

/** `signal` and `timeoutMs`, the latter of the guest: how long it may take; without it, as long as it likes. */
export type ShutdownOptions = WaitOptions

const KEYS: ReadonlySet<string> = new Set<keyof WaitOptions>(['signal', 'timeoutMs'])

/**
 * Sorts the arguments of `shutdown`, which once had its options first: a first argument of nothing but a `signal` and a
 * `timeoutMs` of the right types is options, unless the second one is. An event's attributes never look like that, since
 * both names are refused there.
 */
export function shutdownArguments(
  first: TransitionAttributes | ShutdownOptions | undefined,
  second: TransitionAttributes | ShutdownOptions | undefined,
): { readonly attributes: Attributes | undefined; readonly options: ShutdownOptions } {
  const isOldOrder = !isOptions(second) && (isOptions(first) || (isEmpty(first) && !isEmpty(second)))
  const [attributes, options] = isOldOrder ? [second, first] : [first, second]
  return { attributes: attributes && { ...attributes }, options: isOptions(options) ? { ...options } : {} }
}

function isOptions(argument: object | undefined): boolean {
  if (isEmpty(argument)) return false
  return Object.entries(argument ?? {}).every(([key, value]) => KEYS.has(key) && isOption(key, value))
}

function isOption(key: string, value: unknown): boolean {
  if (value === undefined) return true
  return key === 'timeoutMs' ? typeof value === 'number' : value instanceof AbortSignal
}

function isEmpty(argument: object | undefined): boolean {
  return argument === undefined || Object.keys(argument).length === 0
}
