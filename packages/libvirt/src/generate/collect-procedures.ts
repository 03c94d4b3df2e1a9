import type { Definition } from './parse.ts'

export interface Procedure {
  /** The name in our tables: as in the .x file without the program's prefix, which only `remote` goes without. */
  readonly key: string
  readonly name: string
  readonly number: number
  readonly program: { readonly prefix: string; readonly constant: string }
  readonly event: boolean
  readonly direction: 'read' | 'write' | undefined
}

/**
 * Finds the procedures of each `enum <program>_procedure`. One whose only type is a `_msg` is an event; the comments'
 * `@readstream` and `@writestream` give a stream's direction.
 */
export function collectProcedures(definitions: Definition[]): Procedure[] {
  const structs = new Set(definitions.filter((d) => d.kind === 'struct').map((d) => d.name))
  return definitions.flatMap((definition) => {
    if (definition.kind !== 'enum' || !definition.name.endsWith('_procedure')) return []
    const prefix = definition.name.slice(0, -'_procedure'.length)
    const program = { prefix, constant: `${prefix.toUpperCase()}_PROGRAM` }
    return definition.members.map((member) => {
      const name = member.name.slice(`${prefix}_PROC_`.length)
      return {
        key: prefix === 'remote' ? name : `${prefix.toUpperCase()}_${name}`,
        name,
        number: Number(member.value),
        program,
        event: structs.has(`${prefix}_${name.toLowerCase()}_msg`),
        direction: streamDirection(member.comment),
      }
    })
  })
}

function streamDirection(comment: string): Procedure['direction'] {
  if (/@readstream: \d/.test(comment)) return 'read'
  return /@writestream: \d/.test(comment) ? 'write' : undefined
}
