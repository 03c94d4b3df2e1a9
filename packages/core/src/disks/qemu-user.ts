import type { Hypervisor } from '@see/libvirt'
import type { FileReader } from './file-reader.ts'
import { parseXml } from '../common/xml.ts'
import { childOf, childrenOf, type Element } from '../common/xml-elements.ts'

const LABEL = /^\+?(\d+):\+?(\d+)$/

/** What is asked of a daemon. */
type Daemon = Pick<Hypervisor, 'uri' | 'getCapabilities'>

/** The user of a daemon’s guests, and the security models of its host. */
interface DaemonsSecurity {
  readonly user: FileReader | undefined
  readonly models: readonly string[]
}

const MANDATORY = ['apparmor', 'selinux']

/** By the daemon's URI; cached for the life of this process. */
const known = new Map<string, DaemonsSecurity>()

/** The user that libvirt starts QEMU as; undefined if it is our own user (session mode) or not known. */
export async function qemuUser(hypervisor: Daemon): Promise<FileReader | undefined> {
  const owner = await qemuOwner(hypervisor)
  return owner?.uid === process.geteuid?.() ? undefined : owner
}

/** The same, also if it is our own user. */
export async function qemuOwner(hypervisor: Daemon): Promise<FileReader | undefined> {
  return (await securityOf(hypervisor)).user
}

/** Whether AppArmor or SELinux says what each guest's QEMU may open. */
export async function hasMandatoryControl(hypervisor: Daemon): Promise<boolean> {
  return (await securityOf(hypervisor)).models.some((model) => MANDATORY.includes(model))
}

async function securityOf(hypervisor: Daemon): Promise<DaemonsSecurity> {
  const { uri } = hypervisor
  const security = known.get(uri) ?? securityIn(await hypervisor.getCapabilities())
  known.set(uri, security)
  return security
}

/** The user is in the base label of libvirt's security model "dac": `+UID:+GID`. */
function securityIn(capabilities: string): DaemonsSecurity {
  const root = parseXml(capabilities).documentElement
  const host = root === null ? undefined : childOf(root, 'host')
  const elements = host === undefined ? [] : childrenOf(host, 'secmodel')
  const dac = elements.find((each) => modelOf(each) === 'dac')
  const label = dac === undefined ? undefined : childOf(dac, 'baselabel')?.textContent
  const [, uid, gid] = LABEL.exec(label ?? '') ?? []
  const user = uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) }
  return { user, models: elements.map(modelOf) }
}

function modelOf(element: Element): string {
  return childOf(element, 'model')?.textContent ?? ''
}
