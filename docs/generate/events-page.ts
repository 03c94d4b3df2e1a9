import { join } from 'node:path'
import { type EventDeclaration, eventsDeclaredIn } from './event-declarations.ts'
import { GENERATED, table } from './table.ts'

function section({ name, meaning, attributes }: EventDeclaration): string {
  const heading = `### ${name}\n\n${meaning}`
  if (attributes === undefined || attributes.length === 0) return heading
  const rows = attributes.map(({ name: attribute, optional, type, meaning: what }) => [
    `\`${attribute}${optional ? '?' : ''}\``,
    `\`${type}\``,
    what,
  ])
  return `${heading}\n\n${table(['attribute', 'type', 'meaning'], rows)}`
}

function sections(repository: string, name: string): string {
  return eventsDeclaredIn(join(repository, 'packages', name, 'src'))
    .map(section)
    .join('\n\n')
}

/** Every event that is declared in @see/core and @see/hooks. */
export function eventsPage(repository: string): string {
  return `${GENERATED}

# Every event

An event has a \`name\`, an \`origin\`, which is who fired it, a \`timestamp\` in milliseconds since the epoch, and
attributes beside them. Those marked \`?\` may be missing. How handlers run is explained in
[packages/core](../../packages/core/README.md#how-events-run).

Any code may fire events of other names, and hooks can be configured to hear them: \`TimersHook\` fires whatever its
\`timers\` name. Only what is declared can be fired and heard by TypeScript without a word of configuration. A configured
name that is not declared and resembles one that is counts as [misspelt](../limits.md#event_unknown).

## Of the context

Each transition fires two, whose origin is \`@see/core#SeeContext\`, with the attributes that the transition was given.
A transition that is forbidden in the present state fires nothing. \`evidence_incomplete\` alone belongs to no transition.

${sections(repository, 'core')}

## Of the stock hooks and of protocols

${sections(repository, 'hooks')}
`
}
