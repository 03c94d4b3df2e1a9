import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const PACKAGES = join(import.meta.dirname, '../../packages')
const STATEMENT = /^(?:import|export) (?:[\w*{][^'"();=]*from )?['"]([^'"]+)['"]/gm

/**
 * All that a built module of ours loads as soon as it is imported: our own modules, by their paths in `packages`, and
 * packages of others by name. What is imported later, on use, is not in it.
 * @param entry such as `core/dist/index.js`
 */
export function staticImports(entry: string): ReadonlySet<string> {
  const found = new Set<string>()
  const open = [entry]
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (found.has(path)) continue
    found.add(path)
    const own = path.match(/^[a-z]+\/dist\//)
    if (own === null) continue
    for (const [, specifier = ''] of readFileSync(join(PACKAGES, path), 'utf8').matchAll(STATEMENT)) {
      if (specifier.startsWith('.')) open.push(resolve('/', path, '..', specifier).slice(1))
      else if (!specifier.startsWith('node:')) open.push(specifier.replace(/^@see\/(.*)/, '$1/dist/index.js'))
    }
  }
  return found
}
