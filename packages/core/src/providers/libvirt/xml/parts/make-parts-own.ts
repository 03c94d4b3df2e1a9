import { serializeXml } from '../../../../common/xml.ts'
import { childrenOf, type Element } from '../../../../common/xml-elements.ts'
import type { DomainPart } from './domain-part.ts'
import { domainParts, nameOfPart } from './domain-parts.ts'

/**
 * Makes what the XML names on the host the environment's own, so that no two environments share it.
 * @returns what was changed, in words
 * @throws Error naming the part that is refused
 */
export function makePartsOwn(domain: Element, identifier: string): string[] {
  return domainParts.flatMap((part) =>
    elementsAt(domain, part.path)
      .filter((element) => part.isMeant?.(element) ?? true)
      .flatMap((element) => apply(part, element, identifier)),
  )
}

function apply(part: DomainPart, element: Element, identifier: string): string[] {
  const { fate, makeOwn } = part
  const [name, words] = [nameOfPart(part), part.words].map((text) => text.replaceAll('`', ''))
  if (fate === 'refused') throw new Error(`${name} is refused: ${words}`)
  if (fate === 'dropped') {
    element.parentNode?.removeChild(element)
    return [`${name} is left out: ${words}`]
  }
  if (makeOwn === undefined) return []
  const before = serializeXml(element)
  makeOwn(element, identifier)
  return serializeXml(element) === before ? [] : [`${name} is the environment's own: ${words}`]
}

function elementsAt(domain: Element, path: readonly string[]): Element[] {
  return path.reduce((found, name) => found.flatMap((each) => childrenOf(each, name)), [domain])
}
