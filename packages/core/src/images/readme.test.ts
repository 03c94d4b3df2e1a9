import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { DummyProvider, GlanceProvider, HttpProvider, LibvirtPoolProvider, S3Provider } from '../index.ts'

const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')

const documented = [DummyProvider, GlanceProvider, HttpProvider, LibvirtPoolProvider, S3Provider].flatMap(
  (Class) => Object.keys(Class.schema.shape).map((key) => [Class.name, key] as const),
)

test.each(documented)('the README has %s’s key %s', (name, key) => {
  const section = readme.split('\n### ').find((text) => text.startsWith(`${name}\n`))
  expect(section).toContain(`\n| \`${key}\` |`)
})
