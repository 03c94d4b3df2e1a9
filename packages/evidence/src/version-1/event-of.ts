import type { NamedFile } from './named-file.ts'
import type { EventLine1 } from './timeline-line-1.ts'

/** The name of an event, as version 1 had it in names of files. */
function inFileName(event: string): string {
  return event.replaceAll(/[^\w.-]/g, '_').slice(0, 100)
}

/**
 * The event at which a file was taken; undefined where more than one may be it, since the hook failed at an event of that name.
 */
export function eventOf({ writer, event }: NamedFile, events: readonly EventLine1[]): EventLine1 | undefined {
  if (event === undefined) return undefined
  // The name of an event may itself end in a number.
  return (
    taken(writer, `${event.name}_${event.number}`, events)[0] ??
    taken(writer, event.name, events)[event.number - 1]
  )
}

function taken(writer: string, name: string, events: readonly EventLine1[]): readonly EventLine1[] {
  const found = events.flatMap((event) => {
    const run = event.handlers.find(({ handler }) => handler.includes(`#${writer}.`))
    return run === undefined || inFileName(event.name) !== name ? [] : [{ event, run }]
  })
  return found.some(({ run }) => run.error !== undefined) ? [] : found.map(({ event }) => event)
}
