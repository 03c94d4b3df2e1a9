import { expect, test } from 'vitest'
import { attributeTexts } from './attributes.ts'
import { FURTHER, keptAttributes } from './kept-attributes.ts'

const SUM = /^\d+ bytes, SHA-1 [0-9a-f]{40}$/

test('the usual few are kept as they are', () => {
  const usual = new Map([
    ['security.selinux', 'system_u:object_r:shadow_t:s0\0'],
    ['user.a', 'b'],
  ])
  expect(keptAttributes(usual)).toEqual(usual)
  expect(keptAttributes(new Map())).toEqual(new Map())
})

test('a value that is too long is kept as its sum, those beside it as they are', () => {
  const kept = keptAttributes(
    new Map([
      ['user.long', 'x'.repeat(4000)],
      ['security.capability', '\u0001\0\0\u0002'],
    ]),
  )
  expect([...kept.keys()]).toEqual(['security.capability', 'user.long'])
  expect(kept.get('security.capability')).toBe('\u0001\0\0\u0002')
  expect(kept.get('user.long')).toMatch(SUM)
})

test('of thousands those of the kernel are kept, and a change of any is seen', () => {
  const many = Array.from({ length: 3000 }, (_, number) => [`user.${number}`, `${number}`] as const)
  const all = new Map([...many, ['security.capability', 'c'.repeat(20)] as const])
  const kept = keptAttributes(all)
  expect(kept.get('security.capability')).toBe('c'.repeat(20))
  expect(kept.get(FURTHER)).toMatch(/^\d{4} more, user\.\d+, .*: \d+ bytes, SHA-1 [0-9a-f]{40}$/)
  expect([...kept].reduce((sum, [name, value]) => sum + name.length + value.length, 0)).toBeLessThan(800)
  expect(keptAttributes(new Map([...all].toReversed()))).toEqual(kept)
  expect(keptAttributes(new Map([...all, ['user.2999', 'another']]))).not.toEqual(kept)
  expect(attributeTexts(kept)).toHaveProperty(FURTHER)
})
