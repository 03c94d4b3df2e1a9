import { expect, test } from 'vitest'
import { declareError, errorFacts, isStockErrorCode } from './declared-errors.ts'
import { errorCodes, type ErrorFacts } from './error-codes.ts'
import { SeeError } from './errors.ts'

declare module './errors.ts' {
  interface ErrorCodeMap {
    TEST_LICENCE: ErrorFacts
    TEST_CLASH: ErrorFacts
    TEST_LATER: ErrorFacts
    TEST_CLASSLESS: ErrorFacts
  }
}

const facts = { meaning: 'there is no licence', advice: 'Buy one.', exit: 'usage' } as const

test('a declared code has the facts it was declared with, and a stock code those of the table', () => {
  expect(errorFacts('TEST_LICENCE')).toBeUndefined()
  declareError('TEST_LICENCE', facts)
  expect(errorFacts('TEST_LICENCE')).toEqual(facts)
  expect(isStockErrorCode('TEST_LICENCE')).toBe(false)
  expect(errorFacts('DISK_FULL')).toEqual(errorCodes.DISK_FULL)
  expect(isStockErrorCode('DISK_FULL')).toBe(true)
  expect(new SeeError('TEST_LICENCE', 'none for 10.0.0.2').code).toBe('TEST_LICENCE')
})

test.each(['toString', '__proto__', '', 'TEST_NEVER'])('the code %j is not declared', (code) => {
  expect(errorFacts(code)).toBeUndefined()
  expect(isStockErrorCode(code)).toBe(false)
})

test('a later change of the declared object changes no facts', () => {
  const changing: { -readonly [Key in keyof ErrorFacts]: ErrorFacts[Key] } = { ...facts }
  declareError('TEST_LATER', changing)
  changing.exit = 'hook'
  expect(errorFacts('TEST_LATER')).toEqual(facts)
})

test('the same declaration twice is allowed, since a module may be loaded twice', () => {
  declareError('TEST_CLASH', facts)
  declareError('TEST_CLASH', { ...facts })
  expect(errorFacts('TEST_CLASH')).toEqual(facts)
})

test.each([
  ['meaning', { ...facts, meaning: 'it expired' }],
  ['advice', { ...facts, advice: 'Renew it.' }],
  ['exit class', { ...facts, exit: 'hook' }],
] as const)('a second declaration with another %s is an error, and the first one stays', (_what, other) => {
  declareError('TEST_CLASH', facts)
  const error = { code: 'ERROR_CODE_INVALID', message: expect.stringContaining('"TEST_CLASH"') }
  expect(() => declareError('TEST_CLASH', other)).toThrow(expect.objectContaining(error))
  expect(errorFacts('TEST_CLASH')).toEqual(facts)
})

test('a stock code cannot be declared, not even with its own facts', () => {
  for (const declared of [facts, errorCodes.DISK_FULL]) {
    const declare = () => Reflect.apply(declareError, undefined, ['DISK_FULL', declared])
    expect(declare).toThrow(/"DISK_FULL" is a stock error code/)
  }
  expect(errorFacts('DISK_FULL')).toEqual(errorCodes.DISK_FULL)
})

test.each([undefined, 'done', 3, 'toString'])('%j is no exit class', (exit) => {
  const declared = Object.assign({ ...facts }, { exit })
  expect(() => declareError('TEST_CLASSLESS', declared)).toThrow(/"usage", "sandbox", "hook" or "deadline"/)
  expect(errorFacts('TEST_CLASSLESS')).toBeUndefined()
})

/** Never run: every line below an expected error must not compile. */
export function wrongUses(): SeeError[] {
  // @ts-expect-error a code that is no member of ErrorCodeMap
  declareError('TEST_LICENSE', facts)
  // @ts-expect-error a stock code
  declareError('DISK_FULL', facts)
  // @ts-expect-error an exit class that does not exist
  declareError('TEST_LICENCE', { ...facts, exit: 'done' })
  // @ts-expect-error the advice is missing
  declareError('TEST_LICENCE', { meaning: 'there is no licence', exit: 'usage' })
  return [
    new SeeError('TEST_LICENCE', 'a code of a package'),
    // @ts-expect-error a misspelt code of a package
    new SeeError('TEST_LICENSE', ''),
    // @ts-expect-error a misspelt stock code
    new SeeError('DISC_FULL', ''),
  ]
}
