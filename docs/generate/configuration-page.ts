import { abilities, abilityFacts, defaultProvider, hooksFile, registeredProviders } from '@see/core'
import { hookBoundKeys } from '@see/core/hook-bounds'
import { jsonSchemaOf, type JsonSchema } from './json-schema.ts'
import { keyTable } from './key-table.ts'
import { type Stock, stockHooks, stockProviders } from './stock.ts'
import { GENERATED, table } from './table.ts'

/** Its keys are described once, under the page's own heading. */
function withoutKeys(schema: JsonSchema, at: string): string {
  const inner = ['uri', 'name', 'provider', 'provider_configuration'].map((key) => `${at}.${key}`)
  const network = ['mode', 'sharing', 'configuration', 'dynamic_address'].map((key) => `network.${key}`)
  const address = ['ipv4', 'prefix', 'subnet_prefix'].map((key) => `network.dynamic_address.${key}`)
  return keyTable(schema, [...inner, ...network, ...address])
}

function partOf(schema: JsonSchema, ...path: readonly string[]): JsonSchema {
  let part = schema
  for (const key of path) {
    const next = part.properties?.[key]
    if (typeof next !== 'object') throw new Error(`no key ${path.join('.')}`)
    part = next
  }
  return part
}

function section({ name, names, schema }: Stock): string {
  const keys = jsonSchemaOf(schema)
  const title = `### ${name}\n\n${names.map((each) => `\`${each}\``).join(', ')}\n\n`
  return title + (Object.keys(keys.properties ?? {}).length === 0 ? 'No keys.' : keyTable(keys))
}

function hookEntry(): JsonSchema {
  const { items } = partOf(jsonSchemaOf(hooksFile.plain), 'hooks')
  if (typeof items !== 'object' || Array.isArray(items)) throw new Error('no list of hooks')
  return items
}

/** What each provider's sandboxes can do for hooks. */
function abilityTable(): string {
  const providers = registeredProviders()
  const rows = abilities.map((ability) => {
    const cells = providers.map((provider) => (provider.abilities.includes(ability) ? 'yes' : ''))
    return [`\`${ability}\``, abilityFacts[ability].meaning, ...cells]
  })
  return table(['ability', 'what it does', ...providers.map(({ title }) => title)], rows)
}

/** Every key of every file. */
export function configurationPage(): string {
  const qemu = jsonSchemaOf(defaultProvider().schema)
  const image = partOf(qemu, 'disk', 'image').anyOf?.at(-1) ?? {}
  return `${GENERATED}

# Every key of every configuration file

Relative paths in a file are resolved against it, those in a hook's configuration against the working folder. A key that
is not listed here is refused. Where a default is missing, the key may be left out, and the meaning says what then is.
The [user manual](../user-manual.md) explains how the parts work together.

Editors check and complete the files by the [JSON Schemas](../../schemas): name one at the beginning of a file, as in
\`"$schema": "../schemas/resources.schema.json"\`.

## Resources

${registeredProviders()
  .map(({ title, schema }) => `### ${title}\n\n${withoutKeys(jsonSchemaOf(schema), 'disk.image')}`)
  .join('\n\n')}

### Abilities

What sandboxes of each provider can do for hooks, where their configuration has the thing: a screen, for example. A hook
that needs an ability which its provider lacks fails at set-up with [\`ABILITY_MISSING\`](errors.md).

${abilityTable()}

### Of an image

\`disk.image\` is a path, or an object with these keys:

${keyTable(image)}

### Of a network

${keyTable(partOf(qemu, 'network'))}

## Image providers

What \`provider_configuration\` has. The names that stand under each are those that \`provider\` may have.

${stockProviders.map(section).join('\n\n')}

## Hooks

The file may be wrapped once more, as \`{ "hooks": { "configuration": …, "hooks": […] } }\`.

${keyTable(jsonSchemaOf(hooksFile.plain), ['hooks.name', 'hooks.configuration', 'hooks.optional'])}

The keys of each hook in the list:

${keyTable(hookEntry())}

Every hook may have these keys in its own \`configuration\`, and the generic one may have them for all hooks:

${keyTable(jsonSchemaOf(hookBoundKeys))}

## Stock hooks

What a hook's own \`configuration\` has, or the generic one. What each hook does with it is explained in
[packages/hooks](../../packages/hooks/README.md).

${stockHooks.map(section).join('\n\n')}
`
}
