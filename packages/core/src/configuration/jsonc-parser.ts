import { createRequire } from 'node:module'
import type * as Jsonc from 'jsonc-parser'

let loaded: typeof Jsonc | undefined

/** The parser of JSON with comments, loaded with the first configuration: an import of this package does without. */
export function jsoncParser(): typeof Jsonc {
  if (loaded !== undefined) return loaded
  const module: typeof Jsonc = createRequire(import.meta.url)('jsonc-parser')
  loaded = module
  return module
}
