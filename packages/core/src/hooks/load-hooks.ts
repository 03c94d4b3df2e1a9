import { Configuration } from '../configuration/configuration.ts'
import { unknownKey } from '../configuration/configuration-problem.ts'
import { messageOf, SeeError } from '../common/errors.ts'
import { didYouMean } from '../common/nearest.ts'
import { eventKeys } from '../events/event-names.ts'
import type { EvidenceWarning } from '../contract/evidence-warning.ts'
import type { HookClass } from './hook.ts'
import type { HookBounds } from './hook-bounds.ts'
import { configuredBounds, hookBoundKeys, isBoundKey } from './hook-bound-keys.ts'
import { isHookClass, whyNoHook } from './hook-class.ts'
import { hookName, pythonAdvice } from '../configuration/hook-aliases.ts'
import { loadExport } from '../configuration/module-loader.ts'
import type { ConfiguredEvent } from '../events/misspelt-events.ts'
import { hooksFile, inCode } from './hooks-configuration.ts'
import { misspeltKeys } from './misspelt-keys.ts'
import { takesAnyKey } from '../configuration/schema-facts.ts'

const { plain, wrapped } = hooksFile

/** A hook of the configuration: loaded, with its configuration parsed. */
export interface LoadedHook {
  readonly name: string
  /** The place of its entry, `file:line:column`. */
  readonly where: string
  readonly optional: boolean
  readonly Class: HookClass
  readonly configuration: Record<string, unknown>
  /** The bounds that are configured for it. */
  readonly bounds: Partial<HookBounds>
  /** At which events it is configured to act. */
  readonly events: readonly ConfiguredEvent[]
}

/** A hook of the configuration that could not be loaded, and whose entry says that this is no matter. */
interface MissingHook {
  readonly name: string
  readonly error: unknown
}

interface LoadedHooks {
  readonly hooks: LoadedHook[]
  readonly missing: MissingHook[]
  /** Warnings of keys in the generic configuration. */
  readonly warnings: readonly EvidenceWarning[]
}

/**
 * Loads every hook of a configuration and parses what each is configured with, before anything is allocated. The
 * hooks of several configurations come one after the other, and the generic part of each overrides that of those
 * before.
 * @throws SeeError `CONFIGURATION_INVALID`, `FILE_UNREADABLE` or `HOOK_LOAD`
 */
export async function loadHooks(
  sources: string | object | readonly (string | object)[],
): Promise<LoadedHooks> {
  const hooks: LoadedHook[] = []
  const missing: MissingHook[] = []
  let generic: Record<string, unknown> = {}
  const genericKeys = new Map<string, string>()
  for (const source of isList(sources) ? sources : [sources]) {
    const configuration = Configuration.load(source)
    const isWrapped = wrappedInside(configuration.value)
    const parsed = isWrapped
      ? configuration.parse(wrapped).hooks
      : configuration.parse(typeof source === 'string' ? plain : inCode)
    generic = { ...generic, ...parsed.configuration }
    for (const key of Object.keys(parsed.configuration)) {
      const path = [...(isWrapped ? ['hooks'] : []), 'configuration', key]
      genericKeys.set(key, configuration.where(path))
    }
    for (const [index, each] of parsed.hooks.entries()) {
      const { optional, configuration: specific } = each
      const path = [...(isWrapped ? ['hooks'] : []), 'hooks', index]
      assertGiven(each, configuration, path)
      const name = nameOf(each)
      try {
        const Class = await classOf(each, configuration, path)
        const own = configure(Class, generic, specific, configuration, path)
        const given = new Set([...Object.keys(generic), ...Object.keys(specific)])
        const events = eventKeys(own, Class.schema).flatMap(({ key, names }) => {
          const where = configuration.where([...path, 'configuration', key])
          return given.has(key) ? names.map((event) => ({ event, hook: name, key, where })) : []
        })
        const bounds = boundsOf(Class, generic, specific, configuration, path)
        const where = configuration.where(path)
        hooks.push({ name, where, optional, Class, configuration: own, bounds, events })
      } catch (error) {
        if (!optional) throw error
        missing.push({ name, error })
      }
    }
  }
  // What could not be loaded may know any key.
  const warnings = missing.length > 0 ? [] : misspeltKeys(genericKeys, hooks)
  return { hooks, missing, warnings }
}

/** A hook as an entry gives it, by its name or by its class. */
interface Given {
  readonly name?: string | undefined
  readonly hook?: unknown
}

function assertGiven({ name, hook }: Given, configuration: Configuration, path: Path): void {
  if ((name === undefined) !== (hook === undefined)) return
  throw configuration.invalid('a hook has either a "name" or, in code, its class as "hook"', path)
}

function nameOf({ name, hook }: Given): string {
  if (name !== undefined) return hookName(name)
  return typeof hook === 'function' && hook.name !== '' ? hook.name : 'without a name'
}

function isList(
  sources: string | object | readonly (string | object)[],
): sources is readonly (string | object)[] {
  return Array.isArray(sources)
}

function wrappedInside(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'hooks' in value && !Array.isArray(value.hooks)
}

type Path = readonly PropertyKey[]

async function classOf(each: Given, configuration: Configuration, path: Path): Promise<HookClass> {
  const Class = each.name === undefined ? each.hook : await load(each.name, configuration, path)
  if (isHookClass(Class)) return Class
  const where = configuration.where([...path, 'name'])
  const what = each.name === undefined ? 'the "hook" of an entry' : nameOf(each)
  throw new SeeError('HOOK_LOAD', `${where}: ${what} is not a hook: ${whyNoHook(Class)}`)
}

async function load(given: string, configuration: Configuration, path: Path): Promise<unknown> {
  const name = hookName(given)
  try {
    return await loadExport(name, configuration.folder)
  } catch (error) {
    if (error instanceof SeeError && error.code === 'FILE_UNTRUSTED') throw error
    const where = configuration.where([...path, 'name'])
    const what = name === given ? '' : `${given} stands for ${name}: `
    throw new SeeError('HOOK_LOAD', `${where}: ${what}${messageOf(error)}${pythonAdvice(name)}`, {
      cause: error,
    })
  }
}

/** The generic configuration is for all hooks, so each takes what it knows; in its own, every key must be known. */
function configure(
  { schema }: HookClass,
  generic: Record<string, unknown>,
  specific: Record<string, unknown>,
  configuration: Configuration,
  path: Path,
): Record<string, unknown> {
  const takesAnything = takesAnyKey(schema)
  const known = (key: string): boolean => {
    return Object.hasOwn(schema.shape, key) || (takesAnything && !isBoundKey(key))
  }
  const unknown = Object.keys(specific).find((key) => !known(key) && !isBoundKey(key))
  if (unknown !== undefined) {
    const at = [...path, 'configuration', unknown]
    const [own, bounds] = [Object.keys(schema.shape), Object.keys(hookBoundKeys.shape)]
    const keys = didYouMean(unknown, bounds) === '' ? own : [...own, ...bounds]
    throw configuration.invalid(unknownKey(at, keys, unknown), at)
  }
  const given = Object.entries({ ...generic, ...specific }).filter(([key]) => known(key))
  return configuration.parse(schema, Object.fromEntries(given), [...path, 'configuration'])
}

/** A key of a hook that is named as a bound is that of the hook. */
function boundsOf(
  { schema }: HookClass,
  generic: Record<string, unknown>,
  specific: Record<string, unknown>,
  configuration: Configuration,
  path: Path,
): Partial<HookBounds> {
  const given = Object.entries({ ...generic, ...specific }).filter(([key]) => {
    return isBoundKey(key) && !Object.hasOwn(schema.shape, key)
  })
  return configuredBounds(
    configuration.parse(hookBoundKeys, Object.fromEntries(given), [...path, 'configuration']),
  )
}
