import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as core from '@see/core'
import * as hooks from '@see/hooks'
import { expect, test } from 'vitest'
import { documents } from './documents.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const made = documents(repository)

test.each([...made.keys()])('%s is what the code says; else run: npm run docs', (path) => {
  expect(readFileSync(join(repository, path), 'utf8')).toBe(made.get(path))
})

function page(name: string): string {
  return made.get(`docs/reference/${name}.md`) ?? ''
}

test.each(Object.keys(core.errorCodes))('errors.md has a row for %s', (code) => {
  expect(page('errors')).toMatch(new RegExp(`^\\| \`${code}\` \\| .+ \\| .+ \\| [1-4] \\|$`, 'm'))
})

const classes = Object.entries({ ...core, ...hooks }).flatMap(([name, value]) =>
  'schema' in value && value.schema instanceof core.z.ZodObject
    ? Object.keys(value.schema.shape).map((key) => [name, key] as const)
    : [],
)

function isHook(value: unknown): boolean {
  return typeof value === 'function' && value.prototype instanceof core.Hook
}

test('all hooks, providers and resources are looked at', () => {
  const names = Object.entries({ ...core, ...hooks })
    .filter(([name, value]) => isHook(value) || /^[A-Z].+(?:Provider|Resources)$/.test(name))
    .map(([name]) => name)
  expect([...new Set(classes.map(([name]) => name))].toSorted()).toEqual(names.toSorted())
})

const titles = new Map(core.registeredProviders().map(({ schema, title }) => [schema, title]))

/** The heading of a class's section: of resources, the title of their provider. */
function headingOf(name: string): string {
  const exported = Object.entries(core).find(([each]) => each === name)?.[1]
  if (typeof exported !== 'function' || !('schema' in exported)) return name
  return (exported.schema instanceof core.z.ZodType && titles.get(exported.schema)) || name
}

test.each(classes)('configuration.md has %s’s key %s', (name, key) => {
  const section = page('configuration')
    .split(/^##+ /m)
    .find((text) => text.startsWith(`${headingOf(name)}\n`))
  expect(section).toContain(`\n| \`${key}\` |`)
})
