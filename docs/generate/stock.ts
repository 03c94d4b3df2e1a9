import * as core from '@see/core'
import * as hooks from '@see/hooks'

/** A class that a configuration names, and its schema. */
export interface Stock {
  /** Name of the class. */
  readonly name: string
  /** All names that a configuration may have for it. */
  readonly names: readonly string[]
  readonly schema: core.z.ZodType
}

/** Classes of a package that have a schema, in the order of their names. */
function stock(
  packageName: string,
  exports: object,
  isWanted: (prototype: object) => boolean,
  aliasesOf: (name: string, value: object) => readonly string[],
): Stock[] {
  const sorted = Object.entries(exports).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return sorted.flatMap(([name, value]: [string, unknown]) => {
    if (typeof value !== 'function' || !('schema' in value) || !isWanted(value.prototype)) return []
    if (!(value.schema instanceof core.z.ZodType)) return []
    return [{ name, names: [`${packageName}#${name}`, ...aliasesOf(name, value)], schema: value.schema }]
  })
}

/** Every hook that @see/hooks exports. */
export const stockHooks = stock(
  '@see/hooks',
  hooks,
  (prototype) => prototype instanceof core.Hook,
  (name) => [...core.hookAliases].flatMap(([alias, here]) => (here === `@see/hooks#${name}` ? [alias] : [])),
)
/** Every image provider that @see/core exports. */
export const stockProviders = stock(
  '@see/core',
  core,
  (prototype) => 'image' in prototype,
  (_name, value) => [...core.providerAliases].flatMap(([alias, Class]) => (Class === value ? [alias] : [])),
)
