import { MOST_NESTING, tooDeep } from '../common/nesting.ts'

/**
 * A copy of what JSON could hold; whatever else is in it, functions and instances of classes, is the same.
 * @throws Error when it is nested too deep, or holds itself
 */
export function plainCopy(value: unknown, depth = 0): unknown {
  if (depth > MOST_NESTING) throw tooDeep()
  if (Array.isArray(value)) return value.map((each) => plainCopy(each, depth + 1))
  if (!isPlain(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plainCopy(each, depth + 1)]))
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
