import { z } from 'zod'
import { Configuration } from '../configuration/configuration.ts'
import { messageOf, SeeError } from '../common/errors.ts'
import type { ImageProvider, ImageProviderClass } from '../contract/image-provider.ts'
import { providerAliases } from './aliases.ts'
import { DummyProvider } from './dummy.ts'
import { pythonAdvice } from '../configuration/hook-aliases.ts'
import { oneOf } from '../configuration/key-rules.ts'
import { loadExport } from '../configuration/module-loader.ts'

/** A path, or what a provider is to fetch. */
export const imageSchema = z.union([
  z.string().min(1),
  z
    .strictObject({
      uri: z
        .string()
        .min(1)
        .optional()
        .describe('What the provider is asked for: a path, a URL, an id, as the provider has it.'),
      name: z.string().min(1).optional().describe('The same as `uri`; give one of the two.'),
      provider: z
        .string()
        .min(1)
        .optional()
        .describe(
          "`module#Export` of the provider's class, or the reference's name of one; a file of this host when not given.",
        ),
      provider_configuration: z
        .record(z.string(), z.unknown())
        .default({})
        .describe('What the provider needs.'),
    })
    .refine(({ uri, name }) => (uri === undefined) !== (name === undefined), 'give either "uri" or "name"')
    .meta(oneOf('uri', 'name')),
])

export type ImageConfiguration = z.output<typeof imageSchema>

/** @throws SeeError `HOOK_LOAD` or `CONFIGURATION_INVALID` */
export async function imageProvider(image: ImageConfiguration, folder: string): Promise<ImageProvider> {
  if (typeof image === 'string') return new DummyProvider({ name: image, configuration: {}, folder })
  const name = image.uri ?? image.name ?? ''
  const Class = await providerClass(image.provider, folder)
  if (!isProviderClass(Class)) {
    throw new SeeError(
      'CONFIGURATION_INVALID',
      `${image.provider} is not an image provider: export a class with a schema and a method image()`,
    )
  }
  const called = `"provider_configuration" of the image ${name}`
  const configuration = Configuration.load(image.provider_configuration, called).parse(Class.schema)
  return new Class({ name, configuration, folder })
}

async function providerClass(name: string | undefined, folder: string): Promise<unknown> {
  if (name === undefined) return DummyProvider
  const alias = providerAliases.get(name)
  if (alias !== undefined) return alias
  try {
    return await loadExport(name, folder)
  } catch (error) {
    throw new SeeError('HOOK_LOAD', `${messageOf(error)}${pythonAdvice(name)}`, { cause: error })
  }
}

function isProviderClass(value: unknown): value is ImageProviderClass {
  return (
    typeof value === 'function' &&
    'schema' in value &&
    value.schema instanceof z.ZodType &&
    typeof value.prototype === 'object' &&
    'image' in value.prototype
  )
}
