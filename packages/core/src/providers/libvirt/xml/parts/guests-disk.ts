import type { ImageLayer } from '../../../../contract/block-node.ts'
import {
  appendElement,
  childElementsOf,
  childrenOf,
  type Element,
  ensureChild,
  setAttributes,
} from '../../../../common/xml-elements.ts'
import type { DomainPart } from './domain-part.ts'

export interface DiskEdit {
  readonly path: string
  readonly format: string | undefined
  /** The disk's backing chain. libvirt does not change the owners of these files, so QEMU's user must be able to read them. */
  readonly backing?: ImageLayer | undefined
}

/** Attributes of a disk, its children, and attributes of its `<driver>` that belong to the guest's drive and to no file. */
const KEPT = {
  attributes: ['device', 'model'],
  children: [
    'target',
    'driver',
    'address',
    'boot',
    'serial',
    'wwn',
    'vendor',
    'product',
    'alias',
    'iotune',
    'blockio',
    'geometry',
  ],
  driver: [
    'cache',
    'io',
    'error_policy',
    'rerror_policy',
    'discard',
    'detect_zeroes',
    'iothread',
    'queues',
    'queue_size',
    'ioeventfd',
    'event_idx',
    'iommu',
    'ats',
    'packed',
    'page_per_vq',
  ],
} as const

/** The one that the environment gives the guest; others are the user's. */
export function guestsDiskIn(devices: Element): Element | undefined {
  return childrenOf(devices, 'disk').find((each) => (each.getAttribute('device') ?? 'disk') === 'disk')
}

/** Puts the guest's first disk on another file; what the one before needed goes with it. */
export function editDisk(devices: Element, edit: DiskEdit): void {
  const disk = guestsDiskIn(devices)
  if (disk === undefined) throw new Error('it has no <disk device="disk"> to put the image on')
  putOnFile(disk, edit)
}

export function putOnFile(disk: Element, { path, format, backing }: DiskEdit): void {
  keepAttributes(disk, ['type', ...KEPT.attributes])
  keepChildren(disk, ['source', ...KEPT.children])
  disk.setAttribute('type', 'file')
  renewSource(disk, { file: path })
  const driver = ensureChild(disk, 'driver')
  keepAttributes(driver, ['name', 'type', ...KEPT.driver])
  keepChildren(driver, [])
  if (format === undefined) {
    disk.removeChild(driver)
    return
  }
  driver.setAttribute('name', 'qemu')
  driver.setAttribute('type', format)
  appendBacking(disk, backing)
}

/** Writes the whole chain and an empty element at its end; libvirt then reads no header. */
function appendBacking(parent: Element, layer: ImageLayer | undefined): void {
  if (layer === undefined) {
    appendElement(parent, 'backingStore')
    return
  }
  const store = appendElement(parent, 'backingStore', { type: 'file' })
  appendElement(store, 'format', { type: layer.format })
  const source = appendElement(store, 'source', { file: layer.path })
  appendElement(source, 'seclabel', { model: 'dac', relabel: 'no' })
  appendBacking(store, layer.backing)
}

/** Gives a device a `<source>` of which nothing is the user's, where the one before was. */
export function renewSource(device: Element, attributes: Record<string, string>): void {
  const source = ensureChild(device, 'source')
  setAttributes(source, attributes)
  keepChildren(source, [])
}

export function keepChildren(parent: Element, names: readonly string[]): void {
  for (const each of childElementsOf(parent)) {
    if (each.namespaceURI !== null || !names.includes(each.localName ?? '')) parent.removeChild(each)
  }
}

export function keepAttributes(element: Element, names: readonly string[]): void {
  for (const { name } of Array.from(element.attributes))
    if (!names.includes(name)) element.removeAttribute(name)
}

const listed = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ')

export const disks: readonly DomainPart[] = [
  {
    path: ['devices', 'disk'],
    which: 'the first with `device="disk"`, if the resources file has a `disk`',
    fate: 'own',
    words: `the environment's overlay or copy of \`disk.image\`. The XML's ${listed(KEPT.children)} stay, and the driver's ${listed(KEPT.driver)}`,
  },
  {
    path: ['devices', 'disk'],
    which: 'others, floppies included, that are not `<readonly/>`',
    fate: 'own',
    words:
      'an overlay each, of which the same stays; what is no file is refused. With `disk.others` they are read-only, or shared by all guests, as all are without a `disk`',
  },
  {
    path: ['devices', 'disk'],
    which: 'CD drives, and what is `<readonly/>`',
    fate: 'left',
    words: "the file is the user's, and all guests read it",
  },
]
