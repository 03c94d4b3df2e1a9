import { dirname } from 'node:path'
import type { Hypervisor } from '@see/libvirt'
import { messageOf } from '../../../../common/errors.ts'
import { parseXml } from '../../../../common/xml.ts'
import { childrenOf } from '../../../../common/xml-elements.ts'
import { type EvidenceWarning, evidenceWarning } from '../../../../contract/evidence-warning.ts'
import { hasMandatoryControl, qemuUser } from '../../../../disks/qemu-user.ts'
import { isOnThisHost } from '../../daemon/open-daemon.ts'
import { type DomainJail, networkOf, withJail } from './jailed-domain.ts'
import { jailingEmulator } from './jailing-emulator.ts'
import { openedFiles } from './opened-files.ts'
import { whyUnjailed } from './why-unjailed.ts'

/** There QEMU writes pictures of the screen. */
const SCREENS_FOLDER = '/var/cache/libvirt/qemu'
const RESOLVER = ['/etc/hosts', '/etc/nsswitch.conf', '/etc/resolv.conf']
/** Certificates of QEMU's VNC and SPICE servers. */
const CERTIFICATES = ['/etc/pki', '/etc/sasl2']

interface JailedGuest {
  readonly identifier: string
  /** What it is powered on with, without the jail. */
  readonly xml: string
  /** The user's XML. */
  readonly users: string
  /** The same, as libvirt writes it. */
  readonly accepted: string
  /** Its disk, in a folder of its own. */
  readonly disk: string | undefined
  /** The file with its memory, of a template or of its clone. */
  readonly memory: string | undefined
}

/** Programs of which libvirt has said that they are QEMU. */
const tried = new Map<string, Promise<string | undefined>>()

/** What a guest is powered on with in its jail; without one, the same as before, and a warning. */
export async function jailedGuest(
  hypervisor: Hypervisor,
  guest: JailedGuest,
): Promise<{ readonly xml: string; readonly warnings: readonly EvidenceWarning[] }> {
  const { xml } = guest
  try {
    const jail = await jailOf(hypervisor, guest)
    return { xml: withJail(xml, jail), warnings: [] }
  } catch (error) {
    return { xml, warnings: [evidenceWarning('QEMU_NOT_JAILED', 'the jail of QEMU', messageOf(error))] }
  }
}

/** @throws Error saying why it has none */
async function jailOf(
  hypervisor: Hypervisor,
  { identifier, xml, users, accepted, disk, memory }: JailedGuest,
): Promise<DomainJail> {
  const domain = parseXml(xml).documentElement
  if (domain === null) throw new Error('there is no <domain>')
  if (!isOnThisHost(hypervisor.uri)) throw new Error('the daemon is on another host')
  if ((await qemuUser(hypervisor)) === undefined) throw new Error('the daemon starts QEMU as the user of SEE')
  if (await hasMandatoryControl(hypervisor)) throw new Error('AppArmor or SELinux allows QEMU itself only')
  const why = whyUnjailed(domain, users)
  if (why !== undefined) throw new Error(why)
  const network = networkOf(domain)
  const files = openedFiles(domain, identifier)
  const readable = [...files.readable, ...(network === 'host' ? [...RESOLVER, ...CERTIFICATES] : [])]
  const folder = disk === undefined ? [] : [dirname(disk)]
  const writable = [...files.writable, ...folder, ...(memory === undefined ? [] : [memory]), SCREENS_FOLDER]
  const unclear = [...readable, ...writable].find((path) => /[:\n]/.test(path))
  if (unclear !== undefined)
    throw new Error(`the path ${JSON.stringify(unclear)} has a colon or a line break`)
  const emulator = await jailingEmulator(emulatorIn(accepted))
  await assertRuns(hypervisor, emulator)
  return { emulator, network, readable, writable }
}

/** libvirt starts it to learn what QEMU can do, and keeps that; it fails where libvirt's programs cannot make a jail. */
async function assertRuns(hypervisor: Hypervisor, emulator: string): Promise<void> {
  const key = `${hypervisor.uri} ${emulator}`
  const known = tried.get(key)
  const asked =
    known ??
    hypervisor.getDomainCapabilities({ emulator }).then(
      () => undefined,
      (error: unknown) => messageOf(error),
    )
  tried.set(key, asked)
  const why = await asked
  if (why === undefined) return
  tried.delete(key)
  throw new Error(`libvirt cannot start QEMU in a jail: ${why}`)
}

function emulatorIn(accepted: string): string {
  const domain = parseXml(accepted).documentElement
  const devices = domain === null ? [] : childrenOf(domain, 'devices')
  const [emulator] = devices.flatMap((each) => childrenOf(each, 'emulator'))
  const path = emulator?.textContent?.trim() ?? ''
  if (path === '') throw new Error('libvirt does not say which QEMU it starts')
  return path
}
