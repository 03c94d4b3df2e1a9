import type { GuestMemory } from '../../../../templates/template-clone.ts'
import { QEMU_NAMESPACE } from '../../xml/qemu-namespace.ts'
import { parseXml, serializeXml } from '../../../../common/xml.ts'
import { childOf, type Document, type Element } from '../../../../common/xml-elements.ts'

/**
 * Has QEMU keep the guest's memory in a file, for which libvirt itself has no words: it chooses the path.
 * @param xml that says nothing of the memory itself, see {@link templateXml}
 */
export function withMemoryFile(xml: string, { path, isClone }: GuestMemory, mib: number): string {
  const document = parseXml(xml)
  const domain = document.documentElement
  if (domain === null) throw new Error('there is no <domain>')
  const args = [
    '-object',
    `memory-backend-file,id=see0,size=${mib}M,mem-path=${path.replaceAll(',', ',,')},share=${isClone ? 'off' : 'on'}`,
    '-machine',
    'memory-backend=see0',
    ...(isClone ? ['-incoming', 'defer'] : []),
  ]
  const present = childOf(domain, 'commandline', QEMU_NAMESPACE)
  const commandLine = present ?? document.createElementNS(QEMU_NAMESPACE, 'qemu:commandline')
  if (present === undefined) domain.appendChild(commandLine)
  for (const value of args) {
    const arg = document.createElementNS(QEMU_NAMESPACE, 'qemu:arg')
    arg.setAttribute('value', value)
    commandLine.appendChild(arg)
  }
  if (isClone) domain.appendChild(fewQuestions(document))
  return serializeXml(document)
}

/**
 * Without it libvirt asks QEMU for each of some 350 features of the processor, which takes most of a start; then it
 * asks for all of them in one command, as it does older versions.
 */
function fewQuestions(document: Document): Element {
  const capabilities = document.createElementNS(QEMU_NAMESPACE, 'qemu:capabilities')
  const del = document.createElementNS(QEMU_NAMESPACE, 'qemu:del')
  del.setAttribute('capability', 'cpu-unavailable-features')
  capabilities.appendChild(del)
  return capabilities
}
