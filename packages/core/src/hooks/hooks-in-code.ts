import type { z } from 'zod'
import type { Hook } from './hook.ts'
import type { HooksConfiguration } from './hooks-configuration.ts'

type Values = Readonly<Record<string, unknown>>

/** What a class of a hook may be configured with: any of its keys, for the generic configuration may have the others. */
type ConfigurationOf<Class> = Class extends { readonly schema: infer Schema extends z.ZodType }
  ? Partial<z.input<Schema>>
  : Values

/** A hook by its name, as a file has it. */
interface NamedHook {
  readonly hook?: never
  /** `module#Export` of the hook; the module is a package, or a path relative to the working folder. */
  readonly name: string
  readonly configuration?: Values | undefined
  readonly optional?: boolean | undefined
}

/** A hook by its class. */
interface HookInCode<Class> {
  readonly name?: never
  readonly hook: Class & (abstract new (parameters: never) => Pick<Hook, 'context'>)
  /** Its own configuration, as its schema has it. */
  readonly configuration?: ConfigurationOf<Class> | undefined
  /** A hook that cannot be set up is left out instead of failing the allocation. */
  readonly optional?: boolean | undefined
}

/** What a hooks file has, with classes beside names. */
interface HooksInCode<Classes extends readonly unknown[]> {
  readonly $schema?: string | undefined
  /** The generic configuration, of which each hook takes the keys that it knows; the hook's own wins. */
  readonly configuration?: Values | undefined
  readonly hooks?: { readonly [Index in keyof Classes]: NamedHook | HookInCode<Classes[Index]> } | undefined
}

type Source<Classes extends readonly unknown[]> =
  | string
  | HooksInCode<Classes>
  | Extract<HooksConfiguration, { hooks: object }>

/**
 * The hooks of an environment: a path of a JSON file, the configuration itself, or several of them, of which one may
 * have classes. The compiler finds the classes out.
 */
export type Hooks<Classes extends readonly unknown[] = readonly unknown[]> =
  | Source<Classes>
  | readonly Source<Classes>[]
