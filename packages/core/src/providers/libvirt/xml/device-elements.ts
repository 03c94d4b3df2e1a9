import { parseXml } from '../../../common/xml.ts'
import { childOf, childrenOf, type Element, ensureChild } from '../../../common/xml-elements.ts'

/** The devices of a domain's XML that have a name, in their order. libvirt reads several `<devices>` as one. */
export function devicesIn(xml: string, name: string): Element[] {
  const domain = parseXml(xml).documentElement
  const all = domain === null ? [] : childrenOf(domain, 'devices')
  return all.flatMap((devices) => childrenOf(devices, name))
}

/** The only `<devices>` of a domain: made where there is none, and given the content of any further ones. */
export function ensureDevices(domain: Element): Element {
  const devices = ensureChild(domain, 'devices')
  for (const further of childrenOf(domain, 'devices').slice(1)) {
    while (further.firstChild !== null) devices.appendChild(further.firstChild)
    domain.removeChild(further)
  }
  return devices
}

/** An attribute of a descendant, found by the names of the elements on the way; undefined when there is none. */
export function attribute(parent: Element, path: readonly string[], name: string): string | undefined {
  let element: Element | undefined = parent
  for (const step of path) element = element === undefined ? undefined : childOf(element, step)
  return element?.getAttribute(name) ?? undefined
}
