import { childOf, childrenOf, type Element, parseXml } from '../../../common/xml.ts'

/** The devices of a domain's XML that have a name, in their order. */
export function devicesIn(xml: string, name: string): Element[] {
  const domain = parseXml(xml).documentElement
  const devices = domain === null ? undefined : childOf(domain, 'devices')
  return devices === undefined ? [] : childrenOf(devices, name)
}

/** An attribute of a descendant, found by the names of the elements on the way; undefined when there is none. */
export function attribute(parent: Element, path: readonly string[], name: string): string | undefined {
  let element: Element | undefined = parent
  for (const step of path) element = element === undefined ? undefined : childOf(element, step)
  return element?.getAttribute(name) ?? undefined
}
