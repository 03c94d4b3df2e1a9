import type { Hypervisor } from '@see/libvirt'
import type { FileReader } from './file-reader.ts'
import { parseXml } from '../common/xml.ts'
import { childOf, childrenOf } from '../common/xml-elements.ts'

const LABEL = /^\+?(\d+):\+?(\d+)$/

/** By the daemon's URI; cached for the life of this process. */
const users = new Map<string, FileReader | undefined>()

/** The user that libvirt starts QEMU as; undefined if it is our own user (session mode) or not known. */
export async function qemuUser(hypervisor: Hypervisor): Promise<FileReader | undefined> {
  const owner = await qemuOwner(hypervisor)
  return owner?.uid === process.geteuid?.() ? undefined : owner
}

/** The same, also if it is our own user. */
export async function qemuOwner(hypervisor: Hypervisor): Promise<FileReader | undefined> {
  const { uri } = hypervisor
  if (!users.has(uri)) users.set(uri, userIn(await hypervisor.getCapabilities()))
  return users.get(uri)
}

/** From the base label of libvirt's security model "dac": `+UID:+GID`. */
function userIn(capabilities: string): FileReader | undefined {
  const root = parseXml(capabilities).documentElement
  const host = root === null ? undefined : childOf(root, 'host')
  const models = host === undefined ? [] : childrenOf(host, 'secmodel')
  const dac = models.find((each) => childOf(each, 'model')?.textContent === 'dac')
  const label = dac === undefined ? undefined : childOf(dac, 'baselabel')?.textContent
  const [, uid, gid] = LABEL.exec(label ?? '') ?? []
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) }
}
