import { parseXml } from '../../../common/xml.ts'
import { childOf, childrenOf, type Element } from '../../../common/xml-elements.ts'
import { devicesIn } from '../xml/device-elements.ts'

/** What a container's XML says of its inside. */
export interface ContainerXml {
  /** The folder of this host that is the container's root; undefined when it is something else. */
  readonly root: string | undefined
  /** The path in the container of the program it starts with. */
  readonly init: string
  /** Who on this host the container's root user and group are. */
  readonly owner: { readonly uid: number; readonly gid: number }
}

/** @throws Error saying what is wrong with the XML */
export function readContainerXml(xml: string): ContainerXml {
  const domain = parseXml(xml).documentElement
  if (domain === null) throw new Error('it is empty')
  const os = childOf(domain, 'os')
  const root = devicesIn(xml, 'filesystem').find(
    (each) => childOf(each, 'target')?.getAttribute('dir') === '/',
  )
  const idmap = childOf(domain, 'idmap')
  return {
    root: root && (childOf(root, 'source')?.getAttribute('dir') ?? undefined),
    // libvirt's own default.
    init: (os && childOf(os, 'init')?.textContent)?.trim() || '/sbin/init',
    owner: { uid: mapped(idmap, 'uid'), gid: mapped(idmap, 'gid') },
  }
}

/** The number on this host of number 0 in the container. */
function mapped(idmap: Element | undefined, kind: 'uid' | 'gid'): number {
  const ranges = idmap === undefined ? [] : childrenOf(idmap, kind)
  const first = ranges.find((range) => range.getAttribute('start') === '0')
  return Number(first?.getAttribute('target') ?? 0)
}
