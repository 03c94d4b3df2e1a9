import { join } from 'node:path'
import { childElementsOf, childOf, childrenOf, type Element } from '../../../../common/xml-elements.ts'
import { attribute } from '../../xml/device-elements.ts'
import { QEMU_NAMESPACE } from '../../xml/qemu-namespace.ts'
import { isOnlyRead } from '../../xml/readable-files.ts'

/** Files of the host; those in /dev are not among them, since libvirt makes them in QEMU's own. */
export interface OpenedFiles {
  readonly readable: readonly string[]
  readonly writable: readonly string[]
}

const BOOTED = ['kernel', 'initrd', 'dtb', 'loader']
const BOOT_OPTIONS = ['-kernel', '-initrd']
/** Firmware, with what says which one is for which machine. */
const FIRMWARE = '/usr/share'
/** Where libvirt copies the variables of a guest's firmware, if no path is given. */
const VARIABLES_FOLDER = '/var/lib/libvirt/qemu/nvram'

/** The files that a domain's XML names, or has libvirt choose. */
export function openedFiles(domain: Element, identifier: string): OpenedFiles {
  const devices = childrenOf(domain, 'devices').flatMap(childElementsOf)
  const disks = devices.filter(({ localName }) => localName === 'disk')
  const [shared, own] = [disks.filter(isOnlyRead), disks.filter((disk) => !isOnlyRead(disk))]
  const os = childOf(domain, 'os')
  const firmware = os === undefined ? [] : firmwareFiles(os, identifier)
  const readable = [
    ...shared.flatMap(sourceOf),
    ...disks.flatMap(basesOf),
    ...(os === undefined ? [] : BOOTED.flatMap((name) => childrenOf(os, name).map(textOf))),
    ...bootArguments(domain),
    ...tables(domain),
    ...devices.map((device) => attribute(device, ['rom'], 'file') ?? ''),
    ...(firmware.length === 0 ? [] : [FIRMWARE]),
  ]
  const writable = [...own.flatMap(sourceOf), ...firmware]
  return { readable: readable.filter(isFile), writable: writable.filter(isFile) }
}

function sourceOf(disk: Element): string[] {
  return [attribute(disk, ['source'], 'file') ?? '']
}

function basesOf(parent: Element): string[] {
  return childrenOf(parent, 'backingStore').flatMap((store) => [...sourceOf(store), ...basesOf(store)])
}

/** The variables; none where the firmware has no file of its own. */
function firmwareFiles(os: Element, identifier: string): string[] {
  if (!os.hasAttribute('firmware') && childOf(os, 'loader') === undefined) return []
  const chosen = ['fd', 'qcow2'].map((kind) => join(VARIABLES_FOLDER, `${identifier}_VARS.${kind}`))
  return [...childrenOf(os, 'nvram').flatMap((nvram) => [textOf(nvram), ...sourceOf(nvram)]), ...chosen]
}

function bootArguments(domain: Element): string[] {
  const args = childrenOf(domain, 'commandline', QEMU_NAMESPACE).flatMap((each) =>
    childrenOf(each, 'arg', QEMU_NAMESPACE).map((arg) => arg.getAttribute('value') ?? ''),
  )
  return args.filter((_, index) => BOOT_OPTIONS.includes(args[index - 1] ?? ''))
}

function tables(domain: Element): string[] {
  const acpi = childrenOf(domain, 'os').flatMap((os) => childrenOf(os, 'acpi'))
  const entries = childrenOf(domain, 'sysinfo').flatMap((info) => childrenOf(info, 'entry'))
  return [
    ...acpi.flatMap((each) => childrenOf(each, 'table').map(textOf)),
    ...entries.map((entry) => entry.getAttribute('file') ?? ''),
  ]
}

function textOf(element: Element): string {
  return element.textContent?.trim() ?? ''
}

function isFile(path: string): boolean {
  return path.startsWith('/') && !path.startsWith('/dev/')
}
