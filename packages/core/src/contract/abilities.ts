import type { AgentAbility } from './agent-ability.ts'
import type { AttachAbility } from './attach-ability.ts'
import type { CaptureAbility } from './capture-ability.ts'
import type { ConsoleAbility } from './console-ability.ts'
import type { DiskAbility } from './disk-ability.ts'
import type { EndsAbility } from './ends-ability.ts'
import type { MemoryAbility } from './memory-ability.ts'
import type { ScreenAbility } from './screen-ability.ts'
import type { VncAbility } from './vnc-ability.ts'

/**
 * What a provider's sandboxes can do beside running a guest. What is missing the provider cannot do; whether this
 * sandbox's configuration has the thing, such as a screen, the ability itself answers.
 */
export interface Abilities {
  readonly agent?: AgentAbility
  readonly attach?: AttachAbility
  readonly capture?: CaptureAbility
  readonly console?: ConsoleAbility
  readonly disk?: DiskAbility
  readonly ends?: EndsAbility
  readonly memory?: MemoryAbility
  readonly screen?: ScreenAbility
  readonly vnc?: VncAbility
}

export type Ability = keyof Abilities

/** Those of a provider that has at least the named ones. */
export type AbilitiesWith<Has extends Ability> = Abilities & Required<Pick<Abilities, Has>>

/** The names of all abilities. */
export const abilities = [
  'agent',
  'attach',
  'capture',
  'console',
  'disk',
  'ends',
  'memory',
  'screen',
  'vnc',
] as const satisfies readonly Ability[]
