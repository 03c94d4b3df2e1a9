import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { evidenceWarningCodes } from '@see/core'
import { expect, test } from 'vitest'
import { root } from './support/documents.ts'

test('docs/limits.md has a heading for each code of a warning, and for nothing that is none', () => {
  const text = readFileSync(join(root, 'docs', 'limits.md'), 'utf8')
  const headings = Array.from(text.matchAll(/^### ([A-Z_]+)$/gm), ([, heading]) => heading)
  expect(new Set(headings)).toEqual(new Set(Object.keys(evidenceWarningCodes)))
  expect(new Set(headings).size).toBe(headings.length)
})
