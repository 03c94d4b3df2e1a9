import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const PACKAGES = join(import.meta.dirname, '../../packages')
const STATEMENT = /^(?:import|export) (?:[\w*{][^'"();=]*from )?['"]([^'"]+)['"]/gm

/**
 * All that built modules of ours load as soon as they are imported: our own modules, by their paths in `packages`, and
 * packages of others by name. What is imported later, on use, is not in it.
 * @param entries such as `core/dist/index.js`
 */
export function staticImports(...entries: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>()
  const open = [...entries]
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (found.has(path)) continue
    found.add(path)
    const own = path.match(/^[a-z]+\/dist\//)
    if (own === null) continue
    for (const [, specifier = ''] of readFileSync(join(PACKAGES, path), 'utf8').matchAll(STATEMENT)) {
      if (specifier.startsWith('.')) open.push(resolve('/', path, '..', specifier).slice(1))
      else if (!specifier.startsWith('node:')) open.push(pathOf(specifier))
    }
  }
  return found
}

/** The built file of a package of ours, or of a part of it whose file has the same name. */
function pathOf(specifier: string): string {
  const [, name, part = 'index'] = /^@see\/([^/]+)(?:\/(.*))?$/.exec(specifier) ?? []
  return name === undefined ? specifier : `${name}/dist/${part}.js`
}
