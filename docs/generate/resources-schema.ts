import { defaultProvider, registeredProviders } from '@see/core'
import { DRAFT, type JsonSchema, jsonSchemaOf, keysOf, when, whereNamed } from './json-schema.ts'
import { stockProviders } from './stock.ts'

const definitions = Object.fromEntries(
  stockProviders.map(({ name, schema }) => [name, jsonSchemaOf(schema)] as const),
)

const providerConfigurations: JsonSchema[] = stockProviders.map(({ name, names }) =>
  whereNamed('provider', names, { provider_configuration: { $ref: `#/$defs/${name}` } }),
)

/** An image's object says what its provider is configured with: put in wherever one is. */
function withProviders(schema: JsonSchema): JsonSchema {
  const members = schema.anyOf?.map((member) =>
    member.properties?.['provider_configuration'] === undefined
      ? member
      : { ...member, allOf: providerConfigurations },
  )
  const properties = Object.fromEntries(keysOf(schema).map(([key, each]) => [key, withProviders(each)]))
  return {
    ...schema,
    ...(members === undefined ? {} : { anyOf: members }),
    ...(schema.properties === undefined ? {} : { properties }),
  }
}

function fileOf(name: string): string {
  return `resources-${name}.schema.json`
}

/** The scheme of the hypervisor's URI decides, as in `see run`. */
function ofScheme(scheme: string, name: string, otherwise: JsonSchema): JsonSchema {
  const hypervisor = { type: 'string', pattern: `^${scheme}(?![a-z])` } as const
  return when({ required: ['hypervisor'], properties: { hypervisor } }, { $ref: fileOf(name) }, otherwise)
}

/** The schemas of resources files by their names: one of each provider, and one that picks among them. */
export function resourcesSchemas(): Record<string, JsonSchema> {
  const providers = registeredProviders()
  const union = providers
    .filter((provider) => provider !== defaultProvider())
    .flatMap(({ name, schemes }) => schemes.map((scheme) => [scheme, name] as const))
    .reduceRight<JsonSchema>((otherwise, [scheme, name]) => ofScheme(scheme, name, otherwise), {
      $ref: fileOf(defaultProvider().name),
    })
  const schemas: Record<string, JsonSchema> = {
    'resources.schema.json': { $schema: DRAFT, title: 'Resources of SEE', type: 'object', ...union },
  }
  for (const { name, title, schema } of providers) {
    const own = withProviders(jsonSchemaOf(schema))
    const hasImage = own.properties?.['disk'] !== undefined
    schemas[fileOf(name)] = {
      $schema: DRAFT,
      title: `Resources of SEE: ${title}`,
      ...own,
      ...(hasImage ? { $defs: definitions } : {}),
    }
  }
  return schemas
}
