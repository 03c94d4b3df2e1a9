import { z } from 'zod'
import type { Logger } from '../common/logger.ts'
import type { SeeContext } from '../context/see-context.ts'

export interface HookParameters<Configuration> {
  readonly identifier: string
  readonly context: SeeContext
  /** Generic configuration with the hook's own over it, parsed with its schema. */
  readonly configuration: Configuration
  /** Carries the identifier and the hook's name on every line. */
  readonly logger: Logger
}

const anything = z.looseObject({})

/**
 * A plugin that drives the test case: it subscribes handlers in its constructor or, if it has one, in its method
 * `setup`, and undoes in `cleanup` what it did outside the sandbox. What it may be configured with is its static
 * `schema`; without one, anything.
 */
export abstract class Hook<Schema extends z.ZodObject = typeof anything> {
  static readonly schema: z.ZodObject = anything

  readonly identifier: string
  readonly context: SeeContext
  readonly configuration: z.output<Schema>
  readonly logger: Logger

  constructor({ identifier, context, configuration, logger }: HookParameters<z.output<Schema>>) {
    this.identifier = identifier
    this.context = context
    this.configuration = configuration
    this.logger = logger
  }

  /** Called when the environment is deallocated, after all handlers, the last hook first. */
  cleanup?(): void | Promise<void>
}

/** The class of a hook, as a module exports it. */
export interface HookClass {
  readonly schema: z.ZodObject
  new (
    parameters: HookParameters<Record<string, unknown>>,
  ): Pick<Hook, 'cleanup'> & {
    /** Subscribes the handlers. What it throws, as its constructor, fails the allocation, unless the hook is optional. */
    setup?(): void | Promise<void>
  }
}
