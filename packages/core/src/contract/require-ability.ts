import { SeeError } from '../common/errors.ts'
import type { Abilities, Ability } from './abilities.ts'
import { abilityFacts } from './ability-facts.ts'

export interface RequireAbilityOptions {
  /** The hook that needs the ability, for the message. */
  readonly for: string
  /** What else the user can do, for the message, such as `name an HTTP agent’s port in "agent-port"`. */
  readonly advice?: string
}

/**
 * What a hook needs of the sandbox's provider; hooks call it when they are set up.
 * @throws SeeError `ABILITY_MISSING` when the provider's sandboxes cannot do it
 */
export function requireAbility<Needed extends Ability>(
  { resources }: { readonly resources: { readonly abilities: Abilities } },
  ability: Needed,
  { for: hook, advice }: RequireAbilityOptions,
): NonNullable<Abilities[Needed]> {
  const found = resources.abilities[ability]
  if (found) return found
  const ways = [...(advice === undefined ? [] : [advice]), `leave ${hook} out`, 'set "optional": true']
  const message = `${abilityFacts[ability].lack}, the ability "${ability}", which ${hook} needs`
  throw new SeeError('ABILITY_MISSING', `${message}; ${ways.join(', ')}, or use another provider`)
}
