import { expect, test } from 'vitest'
import { abilities } from './abilities.ts'
import { abilityFacts } from './ability-facts.ts'
import { requireAbility } from './require-ability.ts'

const screen = {
  isConfigured: async () => true,
  capture: () => Promise.reject(new Error('not here')),
}

test('an ability that is there is returned as it is', () => {
  const context = { resources: { abilities: { screen } } }
  expect(requireAbility(context, 'screen', { for: 'ScreenHook' })).toBe(screen)
})

test.each(abilities)('the ability %s, where it is missing, is named with what to do', (ability) => {
  const missing = () => requireAbility({ resources: { abilities: {} } }, ability, { for: 'MyHook' })
  expect(missing).toThrow(
    expect.objectContaining({
      code: 'ABILITY_MISSING',
      message: `${abilityFacts[ability].lack}, the ability "${ability}", which MyHook needs; leave MyHook out, set "optional": true, or use another provider`,
    }),
  )
})

test('advice of the hook comes first', () => {
  const options = { for: 'MyHook', advice: 'name a port' }
  const missing = () => requireAbility({ resources: { abilities: {} } }, 'agent', options)
  expect(missing).toThrow(/needs; name a port, leave MyHook out,/)
})

test('the list of abilities has each one, in order', () => {
  expect([...abilities]).toEqual(Object.keys(abilityFacts).toSorted())
})
