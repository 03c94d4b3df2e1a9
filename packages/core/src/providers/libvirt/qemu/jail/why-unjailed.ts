import { basename, dirname } from 'node:path'
import { parseXml } from '../../../../common/xml.ts'
import { childElementsOf, childOf, childrenOf, type Element } from '../../../../common/xml-elements.ts'
import { attribute } from '../../xml/device-elements.ts'
import { QEMU_NAMESPACE } from '../../xml/qemu-namespace.ts'

/** Where a system has its QEMU, and what that is called. */
const USUAL_FOLDERS = ['/usr/bin', '/usr/libexec']
const USUAL_NAME = /^qemu-(?:system-\w+|kvm)$/
/** Devices that are of the host, or of which QEMU gets at the host's part by a path that libvirt chooses. */
const OF_THE_HOST = ['filesystem', 'hostdev', 'memory', 'shmem', 'smartcard'] as const
const FILES = ['file', 'block']
const CARDS = ['network', 'bridge', 'direct', 'ethernet', 'user', 'client', 'server', 'udp', 'mcast']
const SCREENS = ['vnc', 'spice']
const SOUNDS = ['none', 'spice']
const PORTS = ['serial', 'parallel', 'console', 'channel', 'redirdev'] as const
const ENDS = ['pty', 'unix', 'null', 'vc', 'spicevmc', 'spiceport']

/**
 * Why a QEMU has no jail, of which not all that it opens is known; undefined where it can have one.
 * @param users the user's XML, to which SEE may have added arguments since
 */
export function whyUnjailed(domain: Element, users: string): string | undefined {
  const asWritten = parseXml(users).documentElement
  if (asWritten !== null && childOf(asWritten, 'commandline', QEMU_NAMESPACE) !== undefined) {
    return 'its XML has arguments of QEMU, whose files are not known'
  }
  if (childOf(domain, 'launchSecurity') !== undefined) return 'its XML has <launchSecurity>'
  const backing = childOf(domain, 'memoryBacking')
  if (backing !== undefined && ['hugepages', 'source'].some((name) => childOf(backing, name) !== undefined)) {
    return 'its XML has a <memoryBacking> in files of libvirt'
  }
  const devices = childrenOf(domain, 'devices').flatMap(childElementsOf)
  const found = devices.map(whyDevice).find((why) => why !== undefined)
  return found === undefined ? undefined : `its XML has ${found}`
}

function whyDevice(device: Element): string | undefined {
  const name = device.localName ?? ''
  const type = device.getAttribute('type') ?? undefined
  const of = `a <${name}> of type ${type ?? 'none'}`
  if (OF_THE_HOST.some((each) => each === name)) return `a <${name}>`
  if (name === 'emulator') return isUsual(device) ? undefined : 'an <emulator> of its own'
  if (name === 'disk') return FILES.includes(type ?? 'file') ? whyChain(device) : of
  if (name === 'interface') return CARDS.includes(type ?? '') ? undefined : of
  if (name === 'audio') return SOUNDS.includes(type ?? 'none') ? undefined : of
  if (PORTS.some((each) => each === name)) return ENDS.includes(type ?? 'pty') ? undefined : of
  if (name === 'graphics') {
    if (!SCREENS.includes(type ?? '')) return of
    return attribute(device, ['gl'], 'enable') === 'yes' ? 'a <graphics> with <gl>' : undefined
  }
  if (name === 'video' && attribute(device, ['driver'], 'name') === 'vhostuser')
    return 'a <video> of vhostuser'
  return undefined
}

/** libvirt finds the bases of an image out itself. */
function whyChain(disk: Element): string | undefined {
  if (childOf(disk, 'source') === undefined || childOf(disk, 'backingStore') !== undefined) return undefined
  const format = attribute(disk, ['driver'], 'type') ?? 'raw'
  return format === 'raw' ? undefined : `a <disk> of format ${format} that SEE does not make`
}

function isUsual(emulator: Element): boolean {
  const path = emulator.textContent?.trim() ?? ''
  return USUAL_FOLDERS.includes(dirname(path)) && USUAL_NAME.test(basename(path))
}
