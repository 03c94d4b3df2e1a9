import { parseXml, serializeXml } from '../../../../common/xml.ts'
import {
  appendElement,
  childOf,
  childrenOf,
  type Element,
  ensureChild,
} from '../../../../common/xml-elements.ts'
import { QEMU_NAMESPACE } from '../../xml/qemu-namespace.ts'

/** Elements that say themselves where the memory is. */
const PLACES = ['memoryBacking', 'maxMemory', 'numatune'] as const
interface Sharing {
  readonly device: string
  /** The child of its element that has the attribute; the element itself when not given. */
  readonly child?: string
  /** With which value of which attribute it is meant; always when not given. */
  readonly attribute?: string
  readonly value?: string
  readonly words: string
}

/** Devices that give memory back to the host, share it, or bring some that is kept elsewhere; and a TPM, whose keys all clones would have. */
const SHARING: readonly Sharing[] = [
  { device: 'tpm', words: '<tpm>' },
  { device: 'memory', words: '<memory> in its <devices>' },
  { device: 'shmem', words: '<shmem>' },
  { device: 'interface', attribute: 'type', value: 'vhostuser', words: 'the <interface type="vhostuser">' },
  { device: 'disk', attribute: 'type', value: 'vhostuser', words: 'the <disk type="vhostuser">' },
  {
    device: 'filesystem',
    child: 'driver',
    attribute: 'type',
    value: 'virtiofs',
    words: 'the <filesystem> of virtiofs',
  },
  {
    device: 'video',
    child: 'driver',
    attribute: 'name',
    value: 'vhostuser',
    words: 'the <video> of vhostuser',
  },
]
/** QEMU's arguments of devices that give memory back to the host, share it, or keep it elsewhere. */
const ARGUMENT =
  /virtio-(?:balloon|mem|pmem)|pc-dimm|nvdimm|ivshmem|vhost-user|memory-backend|^--?(?:mem-path|mem-prealloc|numa|readconfig)$/

/**
 * The XML of a guest that becomes a template, or is a clone of one. All clones map one file privately, but QEMU punches
 * what a balloon, virtio-mem or free page reporting gives back out of the file itself, under all others, and hands the file
 * to vhost-user programs, which write to it. So the balloon that libvirt adds to every domain is replaced by none; what the
 * user asked for by name is refused.
 * @throws Error naming what has to be removed
 */
export function templateXml(xml: string): string {
  const document = parseXml(xml)
  const domain = document.documentElement
  if (domain === null) throw new Error('there is no <domain>')
  const place = PLACES.find((name) => childOf(domain, name) !== undefined)
  if (place !== undefined) throw refused(`<${place}>`)
  const devices = ensureChild(domain, 'devices')
  const device = sharingDeviceIn(devices)
  if (device !== undefined) throw refused(device)
  const args = childrenOf(domain, 'commandline', QEMU_NAMESPACE).flatMap((each) =>
    childrenOf(each, 'arg', QEMU_NAMESPACE),
  )
  const argument = args.map((arg) => arg.getAttribute('value') ?? '').find((value) => ARGUMENT.test(value))
  if (argument !== undefined) throw refused(`the <qemu:arg> ${JSON.stringify(argument.slice(0, 80))}`)
  for (const balloon of childrenOf(devices, 'memballoon')) devices.removeChild(balloon)
  appendElement(devices, 'memballoon', { model: 'none' })
  return serializeXml(document)
}

function sharingDeviceIn(devices: Element): string | undefined {
  const shares = ({ device, child, attribute, value }: (typeof SHARING)[number]) =>
    childrenOf(devices, device).some((each) => {
      const holder = child === undefined ? each : childOf(each, child)
      return attribute === undefined || holder?.getAttribute(attribute) === value
    })
  return SHARING.find(shares)?.words
}

function refused(what: string): Error {
  return new Error(`a guest with ${what} cannot be a template: remove it`)
}
