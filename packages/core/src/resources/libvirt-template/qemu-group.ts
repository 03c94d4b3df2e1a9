import type { Hypervisor } from '@see/libvirt'
import { SeeError } from '../../errors.ts'
import { childOf, childrenOf, parseXml } from '../xml.ts'

const LABEL = /^\+?(\d+):\+?(\d+)$/

/**
 * The group that libvirt starts QEMU in; undefined where it is that of the daemon's own user, as in session mode.
 * @throws SeeError `STORAGE_FAILED` when this user cannot give it files
 */
export async function qemuGroup(hypervisor: Hypervisor): Promise<number | undefined> {
  const owner = await qemuOwner(hypervisor)
  if (owner === undefined || owner.uid === process.geteuid?.()) return undefined
  const { uid, gid } = owner
  if (process.geteuid?.() === 0) return gid
  const why = `${hypervisor.uri} runs guests as user ${uid}, to whom only root can open the files of a template`
  throw new SeeError('STORAGE_FAILED', `${why}: build it as root, or with "hypervisor": "qemu:///session"`)
}

/** The user and group that libvirt starts QEMU as; undefined where it is the daemon's own user. */
export async function qemuOwner(hypervisor: Hypervisor): Promise<{ uid: number; gid: number } | undefined> {
  const label = ownershipIn(await hypervisor.getCapabilities())
  const [, uid, gid] = LABEL.exec(label ?? '') ?? []
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) }
}

/** `+UID:+GID`, by libvirt's security model "dac". */
function ownershipIn(capabilities: string): string | undefined {
  const root = parseXml(capabilities).documentElement
  const host = root === null ? undefined : childOf(root, 'host')
  const models = host === undefined ? [] : childrenOf(host, 'secmodel')
  const dac = models.find((each) => childOf(each, 'model')?.textContent === 'dac')
  return dac === undefined ? undefined : (childOf(dac, 'baselabel')?.textContent ?? undefined)
}
