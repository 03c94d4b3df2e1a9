import { DOMParser, type Node, XMLSerializer } from '@xmldom/xmldom'
import { z } from 'zod'
import { messageOf } from './errors.ts'
import { MOST_NESTING, tooDeep } from './nesting.ts'
import type { Document, Element } from './xml-elements.ts'

const PROBLEM_CHARACTERS = 500

const place = z.object({ locator: z.object({ lineNumber: z.int().positive() }) })

/**
 * Parses XML, keeping comments, namespaces and unknown elements.
 * @throws Error saying what is wrong and in which line
 */
export function parseXml(text: string): Document {
  let problem: string | undefined
  const onError = (_level: string, message: string, context: unknown): void => {
    const where = place.safeParse(context)
    problem ??= where.success ? `line ${where.data.locator.lineNumber}: ${message}` : message
  }
  try {
    const document = new DOMParser({ onError, normalizeLineEndings }).parseFromString(text, 'text/xml')
    if (problem === undefined) {
      assertShallow(document)
      return document
    }
  } catch (error) {
    problem ??= messageOf(error)
  }
  // The parser quotes what it does not understand, however long.
  throw new Error(`malformed XML: ${problem.slice(0, PROBLEM_CHARACTERS)}`)
}

/** As XML 1.0 says, and libvirt does; the parser itself would also take U+0085 and U+2028 for line breaks. */
function normalizeLineEndings(text: string): string {
  return text.replaceAll(/\r\n?/g, '\n')
}

/** Elements are looked for by recursion elsewhere. */
function assertShallow(document: Document): void {
  let depth = 0
  for (let node: Node | null = document; node !== null; ) {
    if (depth > MOST_NESTING) throw tooDeep()
    if (node.firstChild !== null) {
      node = node.firstChild
      depth++
      continue
    }
    while (node !== null && node.nextSibling === null) {
      node = node.parentNode
      depth--
    }
    node = node?.nextSibling ?? null
  }
}

export function serializeXml(node: Document | Element): string {
  // In attributes it is escaped already; in a text it would be read as a line break.
  return new XMLSerializer().serializeToString(node).replaceAll('\r', '&#13;')
}
