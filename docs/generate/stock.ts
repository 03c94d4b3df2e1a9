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

function stock(packageName: string, exports: object, suffix: string): Stock[] {
  const sorted = Object.entries(exports).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return sorted.flatMap(([name, value]: [string, unknown]) => {
    const { z, providerAliases } = core
    if (!name.endsWith(suffix) || typeof value !== 'function' || !('schema' in value)) return []
    if (!(value.schema instanceof z.ZodType)) return []
    const aliases = [...providerAliases].flatMap(([alias, Class]) => (Class === value ? [alias] : []))
    return [{ name, names: [`${packageName}#${name}`, ...aliases], schema: value.schema }]
  })
}

/** Every hook that @see/hooks exports. */
export const stockHooks = stock('@see/hooks', hooks, 'Hook')
/** Every image provider that @see/core exports. */
export const stockProviders = stock('@see/core', core, 'Provider')

export const providers = [
  { name: 'qemu', title: 'QEMU', schema: core.QemuResources.schema },
  { name: 'lxc', title: 'LXC', schema: core.LxcResources.schema },
  { name: 'vbox', title: 'VirtualBox', schema: core.VboxResources.schema },
] as const
