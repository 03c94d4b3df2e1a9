import { existsSync, statSync } from 'node:fs'
import { formatUuid, type Hypervisor, isLibvirtError } from '@see/libvirt'
import { SeeError } from '../../../common/errors.ts'
import { attribute, devicesIn } from '../xml/device-elements.ts'
import { pciAddress } from '../xml/pci-address.ts'
import { parseXml } from '../../../common/xml.ts'
import { childElementsOf, childOf, childrenOf, type Element } from '../../../common/xml-elements.ts'

/** URIs of a daemon on this host. */
const ON_THIS_HOST = /^[a-z]+:\/\/\//
/** Elements of `<os>` whose text is a file that QEMU reads. */
const BOOT_FILES = ['loader', 'kernel', 'initrd', 'dtb']

interface Question {
  /** The environment's XML, whose own disk and interface need not be there yet. */
  readonly xml: string
  /** The user's file, for the error. */
  readonly file: string
  /** How many interfaces, the first ones, are on what the environment makes. */
  readonly ownInterfaces: number
}

/**
 * Looks for what libvirt misses only when a guest starts: files, secrets, networks, devices of the host, a firmware.
 * @throws SeeError `DOMAIN_XML_INVALID` that names all that is missing
 */
export async function assertStartable(
  hypervisor: Hypervisor,
  { xml, file, ownInterfaces }: Question,
): Promise<void> {
  const domain = parseXml(xml).documentElement
  if (domain === null) return
  const interfaces = devicesIn(xml, 'interface').slice(ownInterfaces)
  const missing = [
    ...(ON_THIS_HOST.test(hypervisor.uri)
      ? [...missingFiles(domain, xml), ...missingDevices(xml, interfaces)]
      : []),
    ...(await missingSecrets(hypervisor, domain)),
    ...(await missingNetworks(hypervisor, interfaces)),
    ...(await missingFilters(hypervisor, devicesIn(xml, 'interface'))),
    ...(await missingFirmware(hypervisor, domain)),
  ]
  if (missing.length === 0) return
  throw new SeeError('DOMAIN_XML_INVALID', `a guest of ${file} cannot start: ${missing.join('; ')}`)
}

function missingFiles(domain: Element, xml: string): string[] {
  const os = childOf(domain, 'os')
  const named = [
    ...BOOT_FILES.map((name) => [`<${name}>`, os && childOf(os, name)?.textContent?.trim()] as const),
    ['the template of <nvram>', os && attribute(os, ['nvram'], 'template')] as const,
    ...devicesIn(xml, 'disk').map((disk) => [describeDisk(disk), sourceOf(disk)] as const),
    ...devicesIn(xml, 'filesystem').map(
      (folder) =>
        [
          `<filesystem> ${attribute(folder, ['target'], 'dir') ?? ''}`,
          attribute(folder, ['source'], 'dir'),
        ] as const,
    ),
  ]
  return named.flatMap(([what, path]) =>
    path === undefined || !path.startsWith('/') || !isMissing(path)
      ? []
      : [`${what} names ${path}, which is not there`],
  )
}

function sourceOf(disk: Element): string | undefined {
  // A drive may be empty at the start.
  if (attribute(disk, ['source'], 'startupPolicy') !== undefined) return undefined
  return attribute(disk, ['source'], 'file') ?? attribute(disk, ['source'], 'dev')
}

function describeDisk(disk: Element): string {
  const device = disk.getAttribute('device') ?? 'disk'
  return `the ${device} ${attribute(disk, ['target'], 'dev') ?? ''}`.trim()
}

/** What this user cannot look at may be there. */
function isMissing(path: string): boolean {
  try {
    statSync(path)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
  }
}

function missingDevices(xml: string, interfaces: readonly Element[]): string[] {
  const names = interfaces.flatMap((each) => {
    const type = each.getAttribute('type')
    const name = attribute(each, ['source'], type === 'bridge' ? 'bridge' : 'dev')
    return (type === 'bridge' || type === 'direct') && name !== undefined ? [name] : []
  })
  const addresses = devicesIn(xml, 'hostdev')
    .filter((each) => each.getAttribute('type') === 'pci')
    .map((each) => pciAddress(each))
  return [
    ...names
      .filter((name) => !existsSync(`/sys/class/net/${name}`))
      .map((name) => `an interface is on ${name}, a device that this host does not have`),
    ...addresses
      .filter((address) => !existsSync(`/sys/bus/pci/devices/${address}`))
      .map((address) => `<hostdev> names the PCI device ${address}, which this host does not have`),
  ]
}

async function missingSecrets(hypervisor: Hypervisor, domain: Element): Promise<string[]> {
  const wanted = secretsIn(domain)
  if (wanted.length === 0) return []
  const { secrets } = await hypervisor.call('CONNECT_LIST_ALL_SECRETS', { need_results: 1, flags: 0 })
  const known = new Set(secrets.flatMap(({ uuid, usageID }) => [formatUuid(uuid), usageID]))
  return wanted
    .filter((name) => !known.has(name.toLowerCase()) && !known.has(name))
    .map((name) => `<secret> names ${name}, which ${hypervisor.uri} does not have`)
}

function secretsIn(element: Element): string[] {
  const own =
    element.localName === 'secret' ? [element.getAttribute('uuid') ?? element.getAttribute('usage')] : []
  return [...own.filter((name) => name !== null), ...childElementsOf(element).flatMap(secretsIn)]
}

async function missingNetworks(hypervisor: Hypervisor, interfaces: readonly Element[]): Promise<string[]> {
  const names = interfaces
    .filter((each) => each.getAttribute('type') === 'network')
    .map((each) => attribute(each, ['source'], 'network') ?? '')
  const problems = await Promise.all([...new Set(names)].map((name) => networkProblem(hypervisor, name)))
  return problems.filter((problem) => problem !== undefined)
}

async function networkProblem(hypervisor: Hypervisor, name: string): Promise<string | undefined> {
  try {
    const network = await hypervisor.networkLookupByName(name)
    return (await network.isActive())
      ? undefined
      : `the network ${name} is not started: virsh net-start ${name}`
  } catch (error) {
    if (!isLibvirtError(error) || error.code !== 'VIR_ERR_NO_NETWORK') throw error
    return `an interface is on the network ${name}, which ${hypervisor.uri} does not have`
  }
}

async function missingFilters(hypervisor: Hypervisor, interfaces: readonly Element[]): Promise<string[]> {
  const names = interfaces.flatMap((each) => attribute(each, ['filterref'], 'filter') ?? [])
  if (names.length === 0) return []
  const { filters } = await hypervisor.call('CONNECT_LIST_ALL_NWFILTERS', { need_results: 1, flags: 0 })
  return names
    .filter((name) => !filters.some((filter) => filter.name === name))
    .map((name) => `an interface has the filter ${name}, which ${hypervisor.uri} does not have`)
}

/** A firmware that libvirt chooses is looked for at the start. */
async function missingFirmware(hypervisor: Hypervisor, domain: Element): Promise<string[]> {
  const os = childOf(domain, 'os')
  const firmware = os?.getAttribute('firmware') ?? ''
  if (os === undefined || firmware === '') return []
  const type = childOf(os, 'type')
  const devices = childOf(domain, 'devices')
  const capabilities = await hypervisor.getDomainCapabilities({
    emulator: (devices && childOf(devices, 'emulator')?.textContent?.trim()) || undefined,
    arch: type?.getAttribute('arch') ?? undefined,
    machine: type?.getAttribute('machine') ?? undefined,
    virtType: domain.getAttribute('type') ?? undefined,
  })
  const root = parseXml(capabilities).documentElement
  const known = root === null ? undefined : childOf(root, 'os')
  const choices =
    known === undefined
      ? []
      : childrenOf(known, 'enum').filter((each) => each.getAttribute('name') === 'firmware')
  const values = choices.flatMap((each) => childrenOf(each, 'value').map((value) => value.textContent))
  if (values.includes(firmware)) return []
  return [
    `<os firmware="${firmware.slice(0, 20)}"> needs a firmware that this host does not have: install ovmf`,
  ]
}
