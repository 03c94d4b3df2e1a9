import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import * as hooks from './index.ts'

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')

const documented = Object.entries(hooks).flatMap(([name, value]) =>
  'schema' in value ? Object.keys(value.schema.shape).map((key) => [name, key] as const) : [],
)

test('every hook with keys is looked at', () => {
  const names = Object.keys(hooks).filter((name) => /Hook$|Analyser$/.test(name))
  expect([...new Set(documented.map(([name]) => name))].toSorted()).toEqual(names.toSorted())
})

test.each(documented)('the README has %s’s key %s', (name, key) => {
  const section = readme.split('\n## ').find((text) => text.startsWith(`${name}\n`))
  expect(section).toContain(`\n| \`${key}\` |`)
})
