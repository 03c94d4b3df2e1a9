import {
  kindFacts,
  manifestSchema,
  recordSchemas,
  sinkholeRequestSchema,
  stockKinds,
  warningSchema,
} from '@see/evidence'
import type { z } from '@see/core'
import { evidenceSchemaName, evidenceSchemas, timelineLines } from './evidence-schemas.ts'
import { fieldTable } from './field-table.ts'
import { jsonSchemaOf } from './json-schema.ts'
import { GENERATED, table } from './table.ts'

const schemas = evidenceSchemas()

function kindTable(): string {
  const rows = stockKinds.map((kind) => {
    const { meaning, mediaType } = kindFacts[kind]
    const name = evidenceSchemaName(kind)
    const link = name in schemas ? `[schema](../../schemas/${name})` : ''
    return [`\`${kind}\``, meaning, `\`${mediaType}\``, link]
  })
  return table(['kind', 'what it holds', 'media type', ''], rows)
}

function lines(all: readonly z.ZodType[]): string {
  return all.map((schema) => fieldTable(jsonSchemaOf(schema))).join('\n\n')
}

function records(): string {
  return Object.entries(recordSchemas)
    .map(([kind, schema]) => `## ${kind}\n\n${meaningOf(kind)}\n\n${fieldTable(jsonSchemaOf(schema))}`)
    .join('\n\n')
}

function meaningOf(kind: string): string {
  const found = stockKinds.find((each) => each === kind)
  if (found === undefined) throw new Error(`no kind ${kind}`)
  return kindFacts[found].meaning
}

/** The format of a results folder, and every field of every file in it. */
export function evidencePage(): string {
  return `${GENERATED}

# The format of the evidence

A results folder holds a manifest and the files that it names. The package [@see/evidence](../../packages/evidence) reads it,
on this host or in a browser; [JSON Schemas](../../schemas) say the same for other languages. Find a file by its \`kind\` in
the manifest, not by its name.

Much of what is in the files was made by the guest: names of files, output, requests. Treat it as hostile.

## The manifest

\`manifest.json\` in a folder that is named after the environment, as those of \`npx see run\` are; \`<identifier>_manifest.json\` in
a folder that several environments share. It is replaced as a whole whenever a file is begun or ended, so that a folder
can be read while it grows, and after SEE was killed: \`complete\` is false then, and what was being written is
\`growing\`.

${fieldTable(jsonSchemaOf(manifestSchema))}

## Kinds

A third-party hook has kinds of its own, which begin with \`x-\`.

${kindTable()}

## timeline

${kindFacts.timeline.meaning} The first line says which version it is and when it began. Lines are in the order in which
things happened: an event, the handlers that begin and end for it, and between those what was fired inside of them. Each line
is written before what it says begins, so that the last lines of a killed run say what was going on; the very last may be cut
short.

${lines(timelineLines)}

${records()}

## sinkhole_requests

${kindFacts.sinkhole_requests.meaning} Each line is one of these.

${lines(sinkholeRequestSchema.options)}

## Warnings

What evidence lacks is among its \`warnings\`, each of which has these fields; [limits](../limits.md) explains the codes.

${fieldTable(jsonSchemaOf(warningSchema))}

## Version 1

Folders that were written before there was a manifest are read by \`readEvidence\` as well, which makes a manifest for them: kinds
come from the names of the files, and times from the timeline. There are no hashes then.
`
}
