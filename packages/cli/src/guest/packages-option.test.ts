import { expect, test } from 'vitest'
import { nameOf, packagesOption } from './packages-option.ts'

test('packages are taken once each, in order', () => {
  expect(packagesOption('python3, curl,git,curl,')).toEqual(['curl', 'git', 'python3'])
  expect(packagesOption('python3=3.11.2-1+b1,g++')).toEqual(['g++', 'python3=3.11.2-1+b1'])
})

test.each([
  [''],
  [','],
  ['a'],
  ['Python3'],
  ['-o,x1'],
  ['./a.deb'],
  ['python3/sid'],
  ['python*'],
  ['a;b'],
  ['python3='],
  [Array.from({ length: 201 }, (_, index) => `p${index + 10}`).join(',')],
])('%j is refused', (text) => {
  expect(() => packagesOption(text)).toThrow(/Expected/)
})

test('a guest is named after its packages', () => {
  expect(nameOf(packagesOption('python3=3.11.2-1+b1,g++'))).toBe('gxx-python3')
  expect(nameOf([`a${'b'.repeat(62)}`])).toHaveLength(63)
  expect(nameOf(['a'.repeat(64)])).toBeUndefined()
})
