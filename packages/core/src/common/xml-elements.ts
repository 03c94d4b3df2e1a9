import type { Document, Element } from '@xmldom/xmldom'

export type { Document, Element }

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

function documentOf(element: Element): Document {
  if (element.ownerDocument === null) throw new Error(`<${element.localName}> belongs to no document`)
  return element.ownerDocument
}

function isElement(node: { readonly nodeType: number }): node is Element {
  return node.nodeType === 1
}
