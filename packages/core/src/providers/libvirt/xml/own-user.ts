import { parseXml, serializeXml } from '../../../common/xml.ts'
import {
  appendElement,
  childOf,
  childrenOf,
  type Document,
  type Element,
} from '../../../common/xml-elements.ts'
import { devicesIn } from './device-elements.ts'
import { QEMU_NAMESPACE } from './qemu-namespace.ts'

/** Devices through which QEMU, or a program beside it, uses what is of the host's users. */
const OF_THE_HOST = ['filesystem', 'hostdev', 'memory', 'shmem', 'tpm'] as const
/** What of `<os>` libvirt makes QEMU's user's, and QEMU takes as an argument as well. */
const BOOTED = [
  ['kernel', '-kernel'],
  ['initrd', '-initrd'],
  ['cmdline', '-append'],
] as const

/** Why the QEMU of a domain cannot have a user of its own; undefined where it can. */
export function whySharedUser(xml: string): string | undefined {
  const domain = domainIn(parseXml(xml))
  if (childrenOf(domain, 'seclabel').some(isOfUsers)) return 'its XML has a <seclabel> that says who QEMU is'
  if (childOf(domain, 'commandline', QEMU_NAMESPACE) !== undefined) {
    return 'its XML has arguments of QEMU, whose files might be another user’s'
  }
  const device = OF_THE_HOST.find((name) => devicesIn(xml, name).length > 0)
  return device === undefined ? undefined : `its XML has a <${device}>, which might be another user’s`
}

/**
 * Gives QEMU a user of its own. libvirt would give that user the kernel and the initial RAM disk too, and refuses it for a file
 * that a guest of another user has: so these become arguments of QEMU, which are the same but for that.
 */
export function withOwnUser(
  xml: string,
  { uid, gid }: { readonly uid: number; readonly gid: number },
): string {
  const document = parseXml(xml)
  const domain = domainIn(document)
  const label = appendElement(domain, 'seclabel', { type: 'static', model: 'dac', relabel: 'yes' })
  label.appendChild(document.createElement('label')).appendChild(document.createTextNode(`+${uid}:+${gid}`))
  const os = childOf(domain, 'os')
  const args = os === undefined ? [] : BOOTED.flatMap(([name, option]) => argumentOf(os, name, option))
  if (args.length > 0) appendArguments(document, domain, args)
  return serializeXml(document)
}

/** A label without a model is for all of them, and so is none at all. */
function isOfUsers(label: Element): boolean {
  return label.getAttribute('type') === 'none' || (label.getAttribute('model') ?? 'dac') === 'dac'
}

function argumentOf(os: Element, name: string, option: string): string[] {
  const element = childOf(os, name)
  if (element === undefined) return []
  os.removeChild(element)
  const text = element.textContent?.trim() ?? ''
  return text === '' ? [] : [option, text]
}

function appendArguments(document: Document, domain: Element, args: readonly string[]): void {
  const commandLine = document.createElementNS(QEMU_NAMESPACE, 'qemu:commandline')
  for (const value of args) {
    const arg = document.createElementNS(QEMU_NAMESPACE, 'qemu:arg')
    arg.setAttribute('value', value)
    commandLine.appendChild(arg)
  }
  domain.appendChild(commandLine)
}

function domainIn(document: Document): Element {
  if (document.documentElement === null) throw new Error('there is no <domain>')
  return document.documentElement
}
