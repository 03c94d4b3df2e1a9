import { type Document, DOMParser, type Element, type Node, XMLSerializer } from '@xmldom/xmldom'
import { z } from 'zod'
import { messageOf } from './errors.ts'
import { MOST_NESTING, tooDeep } from './nesting.ts'

export type { Document, Element }

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

/** As XML 1.0 says, and libvirt does; the parser itself would take U+0085 and U+2028 for line breaks, too. */
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

/** The child elements with a name in a namespace; null stands for none, as libvirt's own elements are. */
export function childrenOf(parent: Element, name: string, namespace: string | null = null): Element[] {
  return childElementsOf(parent).filter(
    ({ localName, namespaceURI }) => localName === name && namespaceURI === namespace,
  )
}

export function childElementsOf(parent: Element): Element[] {
  const found: Element[] = []
  for (let node = parent.firstChild; node !== null; node = node.nextSibling) {
    if (isElement(node)) found.push(node)
  }
  return found
}

export function childOf(parent: Element, name: string, namespace: string | null = null): Element | undefined {
  return childrenOf(parent, name, namespace)[0]
}

/** The child element with a name; made as the first child when there is none. */
export function ensureChild(parent: Element, name: string): Element {
  const existing = childOf(parent, name)
  if (existing !== undefined) return existing
  const created = documentOf(parent).createElement(name)
  parent.insertBefore(created, parent.firstChild)
  return created
}

/** Adds a child element behind the others. */
export function appendElement(
  parent: Element,
  name: string,
  attributes: Record<string, string> = {},
): Element {
  const element = documentOf(parent).createElement(name)
  setAttributes(element, attributes)
  parent.appendChild(element)
  return element
}

/** Gives an element these attributes and no others. */
export function setAttributes(element: Element, attributes: Record<string, string>): void {
  for (const { name } of Array.from(element.attributes)) element.removeAttribute(name)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
}

/** Replaces everything in an element by a text. */
export function setText(element: Element, text: string): void {
  while (element.firstChild !== null) element.removeChild(element.firstChild)
  element.appendChild(documentOf(element).createTextNode(text))
}

/** A text as it stands in XML, in an attribute or between elements. */
export function escapeXml(text: string): string {
  // In an attribute, a line break or tab would be read as a space.
  return text.replaceAll(/[<>&'"\t\n\r]/g, (character) => `&#${character.codePointAt(0) ?? 0};`)
}

function documentOf(element: Element): Document {
  if (element.ownerDocument === null) throw new Error(`<${element.localName}> belongs to no document`)
  return element.ownerDocument
}

function isElement(node: { readonly nodeType: number }): node is Element {
  return node.nodeType === 1
}
