import * as core from '@see/core'
import * as hooks from '@see/hooks'

/** A class that a configuration names, and its schema. */
export interface Stock {
  /** Of the class. */
  readonly name: string
  /** All names that a configuration may have for it. */
  readonly names: readonly string[]
  readonly schema: core.z.ZodType
}

function stock(packageName: string, exports: object, suffix: RegExp): Stock[] {
  const sorted = Object.entries(exports).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return sorted.flatMap(([name, value]: [string, unknown]) => {
    const { z, hookAliases, providerAliases } = core
    if (!suffix.test(name) || typeof value !== 'function' || !('schema' in value)) return []
    if (!(value.schema instanceof z.ZodType)) return []
    const own = `${packageName}#${name}`
    const aliases = [...providerAliases, ...hookAliases].flatMap(([alias, named]) =>
      named === value || named === own ? [alias] : [],
    )
    return [{ name, names: [own, ...aliases], schema: value.schema }]
  })
}

/** Every hook that @see/hooks exports. */
export const stockHooks = stock('@see/hooks', hooks, /Hook$|Analyser$/)
/** Every image provider that @see/core exports. */
export const stockProviders = stock('@see/core', core, /Provider$/)

export const providers = [
  { name: 'qemu', title: 'QEMU', schema: core.QemuResources.schema },
  { name: 'lxc', title: 'LXC', schema: core.LxcResources.schema },
  { name: 'vbox', title: 'VirtualBox', schema: core.VboxResources.schema },
] as const
