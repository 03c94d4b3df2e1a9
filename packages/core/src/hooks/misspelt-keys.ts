import { type EvidenceWarning, evidenceWarning } from '../contract/evidence-warning.ts'
import type { HookClass } from './hook.ts'
import { hookBoundKeys } from './hook-bound-keys.ts'
import { didYouMean } from '../common/nearest.ts'
import { takesAnyKey } from '../configuration/schema-facts.ts'

/** Keys of hooks resemble one another: of more letters that differ, it may be one of a hook that is not used here. */
const MOST_EDITS = 3

/**
 * Warns of keys of the generic configuration that no hook knows, and that are named much as one that a hook knows. There is
 * no warning where a hook takes any key.
 * @param keys where each key is, `file:line:column`
 */
export function misspeltKeys(
  keys: ReadonlyMap<string, string>,
  hooks: readonly { readonly Class: HookClass }[],
): EvidenceWarning[] {
  const schemas = hooks.map(({ Class }) => Class.schema)
  if (schemas.some(takesAnyKey)) return []
  const known = new Set([hookBoundKeys, ...schemas].flatMap(({ shape }) => Object.keys(shape)))
  return [...keys].flatMap(([key, where]) => {
    const advice = known.has(key) ? '' : didYouMean(key, known, MOST_EDITS)
    if (advice === '') return []
    const why = `${where}: no hook that is loaded knows this key${advice}`
    return [evidenceWarning('KEY_UNKNOWN', `what "${key}" of the generic configuration asks for`, why)]
  })
}
