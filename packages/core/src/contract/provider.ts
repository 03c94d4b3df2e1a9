import type { z } from 'zod'
import type { Ability } from './abilities.ts'
import type { Finding } from './finding.ts'
import type { InspectedHost } from './inspected-host.ts'
import type { Leftovers } from './left.ts'
import type { Resources, ResourcesClass, ResourcesParameters } from './resources.ts'

/** A sandbox that is booted once to be frozen into a template. */
export interface FreezableSandbox<R> {
  readonly sandbox: R
  /** Whether each clone is given an identity of its own. */
  readonly identity: boolean
}

/**
 * All that SEE knows of a provider of sandboxes. `registerProvider` adds one: `see check`, `see run`, templates and the
 * generated documents read it from there.
 */
export interface Provider<Schema extends z.ZodType, R extends Resources, Frozen extends Resources = never> {
  /** A short name in lower case, as in `see check` and in the name of the schema of its resources files. */
  readonly name: string
  /** Its name in documents, such as `Embedded QEMU`. */
  readonly title: string
  /** The schemes of the URIs in "hypervisor" that are its own, without the transport that may follow. */
  readonly schemes: readonly string[]
  /** The usual URI, for messages. */
  readonly uri: string
  readonly resources: ResourcesClass<Schema, R>
  /** What its sandboxes can do for hooks, where the configuration allows it. */
  readonly abilities: readonly Ability[]
  /** Whether a resources file without a "hypervisor" is one of its own. */
  readonly recognises?: (file: unknown) => boolean
  /** Looks at what this host has for it. Without it, `see check` leaves the provider out. */
  readonly findings?: (host: InspectedHost, signal: AbortSignal) => Promise<readonly Finding[]>
  /** How what its killed sandboxes left is undone. Without it, its entries are those of this host only, or none. */
  readonly leftovers?: Leftovers
  /** Makes a sandbox whose memory is in `memoryFile`, to be frozen into a template. Without it, it has no templates. */
  readonly freeze?: (
    parameters: ResourcesParameters<z.output<Schema>>,
    memoryFile: string,
  ) => Promise<FreezableSandbox<Frozen>>
}
