import type { z } from 'zod'
import { legacyAdvice } from './legacy-keys.ts'
import { didYouMean } from '../common/nearest.ts'
import { keysAt, purposeAt } from './schema-facts.ts'

type Path = readonly PropertyKey[]

/** More than are shown of a configuration's problems. */
const MOST_KEYS = 100

/** What is wrong with a configuration, and where. */
export interface Problem {
  readonly path: Path
  readonly message: string
}

/** A value that was parsed, by which schema, and where in the configuration it is. */
export interface Parsed {
  readonly value: unknown
  readonly schema: z.ZodType
  readonly base: Path
}

/**
 * An issue of a schema in words: for a missing key what it is for, for an unknown key or value the nearest known one, and
 * for a value of several possible kinds what is wrong with the kind that it resembles most.
 */
export function problemsOf(issue: z.core.$ZodIssue, parsed: Parsed): Problem[] {
  const { value, schema, base } = parsed
  const path = [...base, ...issue.path]
  const found = valueAt(value, issue.path)
  if (found === undefined && issue.path.length > 0 && ABOUT_THE_VALUE.has(issue.code)) {
    return [{ path, message: `"${dotted(path)}" is missing${purposeAt(schema, issue.path)}` }]
  }
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, issue.path)
    return issue.keys.slice(0, MOST_KEYS).map((key) => {
      const at = [...path, key]
      return { path: at, message: unknownKey(at, known) }
    })
  }
  const branch =
    issue.code === 'invalid_union' && !hasOwnWords(issue) ? nearestBranch(issue.errors) : undefined
  if (branch !== undefined) {
    return branch.flatMap((inner) => problemsOf({ ...inner, path: [...issue.path, ...inner.path] }, parsed))
  }
  const subject = path.length === 0 ? '' : `"${dotted(path)}": `
  return [{ path, message: `${subject}${mismatch(issue, found)}` }]
}

const ABOUT_THE_VALUE: ReadonlySet<z.core.$ZodIssue['code']> = new Set([
  'invalid_type',
  'invalid_union',
  'invalid_value',
])

/**
 * The message for a key that a schema does not know.
 * @param name what it is called there
 */
export function unknownKey(path: Path, known: readonly string[], name = dotted(path)): string {
  const advice = legacyAdvice(path) || didYouMean(String(path.at(-1)), known)
  return `unknown key "${name}"${advice} (known: ${known.join(', ') || 'none'})`
}

/** The issues of the kind that a value is of, or is most like; undefined where it is of none of them. */
function nearestBranch(
  branches: readonly (readonly z.core.$ZodIssue[])[],
): readonly z.core.$ZodIssue[] | undefined {
  const possible = branches.filter((issues) => issues.every((issue) => !isOtherKind(issue)))
  return possible.toSorted((one, other) => one.length - other.length)[0]
}

function isOtherKind({ code, path }: z.core.$ZodIssue): boolean {
  return path.length === 0 && ABOUT_THE_VALUE.has(code)
}

/** Whether a schema has its own words for what it expects. */
function hasOwnWords({ message }: z.core.$ZodIssue): boolean {
  return !/^Invalid (?:input|option)/.test(message)
}

function mismatch(issue: z.core.$ZodIssue, found: unknown): string {
  if (hasOwnWords(issue)) return issue.message
  if (issue.code === 'invalid_value') {
    const names = issue.values.map((each) => (typeof each === 'string' ? each : String(each)))
    const expected = names.map((name) => JSON.stringify(name)).join(', ')
    const meant = typeof found === 'string' ? didYouMean(found, names) : ''
    return `expected ${names.length > 1 ? 'one of ' : ''}${expected}${meant}`
  }
  if (issue.code === 'invalid_union') {
    const kinds = issue.errors.flatMap((errors) =>
      errors.flatMap((each) => (each.code === 'invalid_type' ? [each.expected] : [])),
    )
    if (kinds.length > 0) return `expected ${[...new Set(kinds)].join(' or ')}, received ${kindOf(found)}`
  }
  return issue.message.replace(/^Invalid input: /, '')
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = Reflect.get(at, key)
  }
  return at
}

function dotted(path: Path): string {
  return path.map(String).join('.')
}
