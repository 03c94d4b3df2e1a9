import { createRequire } from 'node:module'
import { isAbsolute, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createJiti } from 'jiti'
import { messageOf, SeeError } from './errors.ts'

/** Packages that a module of the user gets from here, so that all share one copy and need install nothing. */
const SHARED = ['@see/core', '@see/libvirt', '@see/hooks', 'zod']

const require = createRequire(import.meta.url)

function sharedPackages(): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of SHARED) {
    try {
      found[name] = require.resolve(name)
    } catch {
      // Not every installation has the stock hooks.
    }
  }
  return found
}

/**
 * Loads what `module#Export` names; without `#Export`, the default export. A module is a path, relative to `folder`, or
 * a package; TypeScript needs no build step.
 * @throws SeeError `HOOK_LOAD`
 */
export async function loadExport(reference: string, folder: string): Promise<unknown> {
  const [specifier = '', name = 'default'] = reference.split('#', 2)
  const module = await load(specifier, reference, folder)
  if (name in module) return module[name]
  const others = Object.keys(module).join(', ')
  throw new SeeError(
    'HOOK_LOAD',
    `${reference}: ${specifier} has no export "${name}" (it has: ${others || 'none'})`,
  )
}

async function load(specifier: string, reference: string, folder: string): Promise<Record<string, unknown>> {
  const isPath = specifier.startsWith('.') || isAbsolute(specifier)
  const alias = sharedPackages()
  const target = isPath ? resolve(folder, specifier) : (alias[specifier] ?? specifier)
  try {
    if (target === alias[specifier]) return await import(pathToFileURL(target).href)
    const jiti = createJiti(pathToFileURL(`${folder}/`).href, {
      alias,
      interopDefault: false,
      fsCache: false,
    })
    return await jiti.import<Record<string, unknown>>(target)
  } catch (error) {
    throw new SeeError('HOOK_LOAD', `${reference}: cannot load ${target}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}
