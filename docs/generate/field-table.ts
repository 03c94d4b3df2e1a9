import type { JsonSchema } from './json-schema.ts'
import { rowsOf } from './key-table.ts'
import { table } from './table.ts'

/** They are the same everywhere, and have a table of their own. */
const OF_WARNINGS = 'warnings.'

/** A table of all fields of an object in a file of evidence, those of objects within it too; `?` marks what may be missing. */
export function fieldTable(schema: JsonSchema): string {
  const all = rowsOf(schema).filter(([key]) => !key.startsWith(OF_WARNINGS))
  const rows = all.map(([key, type, required, meaning]) => [
    `\`${key}${required === 'required' ? '' : '?'}\``,
    type,
    meaning,
  ])
  return table(['field', 'type', 'meaning'], rows)
}
