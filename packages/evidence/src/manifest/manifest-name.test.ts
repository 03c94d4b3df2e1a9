import { expect, test } from 'vitest'
import { manifestName } from './manifest-name.ts'

test('a folder named after the environment holds manifest.json', () => {
  expect(manifestName('4f2e', '4f2e')).toBe('manifest.json')
})

test('a shared folder holds one manifest for each environment', () => {
  expect(manifestName('results', '4f2e')).toBe('4f2e_manifest.json')
})
