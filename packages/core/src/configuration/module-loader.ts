import { isAbsolute, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { messageOf, SeeError } from '../common/errors.ts'
import { didYouMean } from '../common/nearest.ts'
import { trustedPath } from './trusted-file.ts'

/** What a module of the user gets from here, so that all share one copy and need install nothing. */
const SHARED = ['@see/core', '@see/core/testing', '@see/libvirt', '@see/hooks', 'zod', 'zod/v4']

type Module = Record<string, unknown>

let sharedModules: Promise<Record<string, Module>> | undefined

/**
 * Loads what `module#Export` names; without `#Export`, the default export. A module is a path, relative to `folder`, or
 * a package; TypeScript needs no build step.
 * @throws SeeError `HOOK_LOAD` or `FILE_UNTRUSTED`
 */
export async function loadExport(reference: string, folder: string): Promise<unknown> {
  const [specifier = '', name = 'default'] = reference.split('#', 2)
  const module = await load(specifier, reference, folder)
  if (name in module) return module[name]
  const others = Object.keys(module)
  const has = `(it has: ${others.join(', ') || 'none'})`
  throw new SeeError(
    'HOOK_LOAD',
    `${reference}: ${specifier} has no export "${name}"${didYouMean(name, others)} ${has}`,
  )
}

async function load(specifier: string, reference: string, folder: string): Promise<Module> {
  const isPath = specifier.startsWith('.') || isAbsolute(specifier)
  const target = isPath ? resolve(folder, specifier) : specifier
  try {
    sharedModules ??= loadShared()
    const shared = await sharedModules
    const module = shared[target]
    if (module !== undefined) return module
    // Loading it takes a while, and who has stock hooks only needs none.
    const { createJiti } = await import('jiti')
    const jiti = createJiti(pathToFileURL(`${folder}/`).href, {
      // Aliases to their files would not do: jiti would load those once more.
      virtualModules: shared,
      interopDefault: false,
      fsCache: false,
    })
    return await jiti.import<Module>(trustedModule(jiti.esmResolve(target)))
  } catch (error) {
    if (error instanceof SeeError && error.code === 'FILE_UNTRUSTED') throw error
    throw new SeeError('HOOK_LOAD', `${reference}: cannot load ${target}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/** What a module's own imports load is not looked at. */
function trustedModule(resolved: string): string {
  return resolved.startsWith('file:') ? trustedPath(fileURLToPath(resolved)) : resolved
}

async function loadShared(): Promise<Record<string, Module>> {
  const found: Record<string, Module> = {}
  for (const name of SHARED) {
    try {
      found[name] = await import(name)
    } catch (error) {
      // Not every installation has the stock hooks.
      if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error
    }
  }
  return found
}
