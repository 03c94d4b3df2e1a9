import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { reliabilityPage } from './bounds-table.ts'
import { configurationPage } from './configuration-page.ts'
import { contributing } from './contributing.ts'
import { domainXmlPage } from './domain-xml-page.ts'
import { errorsPage } from './errors-page.ts'
import { eventsPage } from './events-page.ts'
import { evidencePage } from './evidence-page.ts'
import { evidenceSchemas } from './evidence-schemas.ts'
import { hooksSchema } from './hooks-schema.ts'
import { manPage } from './man-page.ts'
import { resourcesSchemas } from './resources-schema.ts'

/**
 * Every generated document: its path in the repository, and what it holds.
 * @param repository the folder of the repository, whose sources declare the events, with CONTRIBUTING.md and docs/reliability.md
 */
export function documents(repository: string): ReadonlyMap<string, string> {
  const schemas = { ...resourcesSchemas(), 'hooks.schema.json': hooksSchema(), ...evidenceSchemas() }
  return new Map([
    ...Object.entries(schemas).map(
      ([name, schema]) => [`schemas/${name}`, `${JSON.stringify(schema, undefined, 2)}\n`] as const,
    ),
    ['docs/reference/configuration.md', configurationPage()],
    ['docs/reference/events.md', eventsPage(repository)],
    ['docs/reference/errors.md', errorsPage()],
    ['docs/reference/evidence.md', evidencePage()],
    ['packages/cli/man/see.1', manPage()],
    ['docs/reference/domain-xml.md', domainXmlPage()],
    [
      'docs/reliability.md',
      reliabilityPage(readFileSync(join(repository, 'docs', 'reliability.md'), 'utf8')),
    ],
    ['CONTRIBUTING.md', contributing(readFileSync(join(repository, 'CONTRIBUTING.md'), 'utf8'))],
  ])
}
