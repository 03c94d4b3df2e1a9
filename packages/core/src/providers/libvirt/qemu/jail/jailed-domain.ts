import { parseXml, serializeXml } from '../../../../common/xml.ts'
import {
  childElementsOf,
  childOf,
  childrenOf,
  type Element,
  ensureChild,
  setText,
} from '../../../../common/xml-elements.ts'
import { ensureDevices } from '../../xml/device-elements.ts'
import { QEMU_NAMESPACE } from '../../xml/qemu-namespace.ts'
import { type JailNetwork, jailVariables } from './emulator-script.ts'
import type { OpenedFiles } from './opened-files.ts'

/** Cards whose frames QEMU itself sends on and receives by the host's network; libvirt opens those of the others. */
const CARDS = ['user', 'client', 'server', 'udp', 'mcast']
const SCREENS = ['vnc', 'spice']
const WITHOUT_PORT = ['socket', 'none']

export interface DomainJail extends OpenedFiles {
  /** The program that makes it. */
  readonly emulator: string
  readonly network: JailNetwork
}

/** Whose network the QEMU of a domain has to be on. */
export function networkOf(domain: Element): JailNetwork {
  const devices = childrenOf(domain, 'devices').flatMap(childElementsOf)
  const isOnHosts = devices.some((device) => {
    const type = device.getAttribute('type') ?? ''
    if (device.localName === 'interface') return CARDS.includes(type)
    return device.localName === 'graphics' && SCREENS.includes(type) && listensAtPort(device)
  })
  return isOnHosts ? 'host' : 'own'
}

/** Has libvirt start another program in the place of QEMU. */
export function withJail(xml: string, { emulator, readable, writable, network }: DomainJail): string {
  const document = parseXml(xml)
  const domain = document.documentElement
  if (domain === null) throw new Error('there is no <domain>')
  setText(ensureChild(ensureDevices(domain), 'emulator'), emulator)
  const present = childOf(domain, 'commandline', QEMU_NAMESPACE)
  const commandLine = present ?? document.createElementNS(QEMU_NAMESPACE, 'qemu:commandline')
  if (present === undefined) domain.appendChild(commandLine)
  const values = {
    [jailVariables.readable]: readable.join(':'),
    [jailVariables.writable]: writable.join(':'),
    [jailVariables.network]: network,
  }
  for (const [name, value] of Object.entries(values)) {
    const variable = document.createElementNS(QEMU_NAMESPACE, 'qemu:env')
    variable.setAttribute('name', name)
    variable.setAttribute('value', value)
    commandLine.appendChild(variable)
  }
  return serializeXml(document)
}

function listensAtPort(graphics: Element): boolean {
  if (graphics.hasAttribute('socket')) return false
  const listens = childrenOf(graphics, 'listen').map((listen) => listen.getAttribute('type') ?? '')
  return listens.length === 0 || listens.some((type) => !WITHOUT_PORT.includes(type))
}
