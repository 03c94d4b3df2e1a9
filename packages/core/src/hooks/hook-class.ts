import { z } from 'zod'
import { Hook, type HookClass } from './hook.ts'

const EXTEND = 'export a class that extends Hook of @see/core'

/** Says why a value is no class of a hook; undefined if it is one. */
export function whyNoHook(value: unknown): string | undefined {
  if (typeof value !== 'function') return `it is ${kindOf(value)}, not a class; ${EXTEND}`
  const prototype: unknown = value.prototype
  if (typeof prototype !== 'object' || prototype === null) return `it is a function, not a class; ${EXTEND}`
  if (!(prototype instanceof Hook) && !('setup' in prototype)) {
    return `its class neither extends Hook of @see/core nor has a method setup; ${EXTEND}`
  }
  if (!('schema' in value)) {
    return 'its class has no static schema; extend Hook of @see/core, or add static schema = z.object({ … }) with the keys that it knows'
  }
  if (!(value.schema instanceof z.ZodObject)) {
    return 'its static schema is not a z.object; a configuration is an object, so write static schema = z.object({ … })'
  }
  return undefined
}

export function isHookClass(value: unknown): value is HookClass {
  return whyNoHook(value) === undefined
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
