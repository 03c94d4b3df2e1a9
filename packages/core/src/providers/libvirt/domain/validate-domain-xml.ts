import { statSync } from 'node:fs'
import { DomainXMLFlags, type Hypervisor, LibvirtConnectionError } from '@see/libvirt'
import { messageOf, SeeError } from '../../../common/errors.ts'
import type { ReleaseStack } from '../../../common/release-stack.ts'
import { entryOf } from '../daemon/libvirt-kind.ts'
import { definitionKind } from './domain-kind.ts'
import { daemonVersion } from './daemon-version.ts'

/** A process runs few kinds of guests, however many guests. */
const KINDS_MAX = 100

interface Verdict {
  /** The XML as libvirt itself writes it. */
  readonly xml: Promise<string>
  /** The hypervisor's program, as it was then; undefined as long as it is not known, and where it is not on this host. */
  emulator: Emulator | undefined
}

interface Emulator {
  readonly path: string
  /** Fingerprint of its file: a program that was replaced has another. */
  readonly mark: string
}

const accepted = new Map<string, Verdict>()

interface Question {
  /** The environment's, which the XML names. */
  readonly identifier: string
  /** What all guests have in common for which the answer is the same, beside the hypervisor. */
  readonly kind: string
  /** The user's file, for the error. */
  readonly file: string
  readonly xml: string
  /** Flags of the removal (virDomainUndefineFlags) that the driver knows. */
  readonly flags: number
}

/**
 * Checks that libvirt takes a domain's XML, which it checks for a transient domain only at its start: so the domain
 * is defined for a moment, once for each kind of guest in a process. It is asked again once the connection to the daemon was
 * lost, for a daemon of another version, and when the emulator's file was replaced.
 * @returns the XML of the first guest of its kind, as libvirt itself writes it
 * @throws SeeError `DOMAIN_XML_INVALID`
 */
export async function validateDomainXml(
  hypervisor: Hypervisor,
  { identifier, kind, file, xml, flags }: Question,
  releases: ReleaseStack,
): Promise<string> {
  const key = JSON.stringify([hypervisor.uri, await daemonVersion(hypervisor), kind])
  void hypervisor.closed.then((reason) => reason !== undefined && forget(hypervisor.uri))
  const known = accepted.get(key)
  if (known !== undefined && isAsItWas(known.emulator)) return await known.xml
  const [oldest] = accepted.keys()
  if (oldest !== undefined && accepted.size >= KINDS_MAX) accepted.delete(oldest)
  const answer = recorded(hypervisor, identifier, releases.branch(), () => {
    return defineForAMoment(hypervisor, xml, flags)
  }).catch((error: unknown) => {
    if (accepted.get(key) === verdict) accepted.delete(key)
    throw new SeeError('DOMAIN_XML_INVALID', `libvirt refuses ${file}: ${messageOf(error)}`, { cause: error })
  })
  const verdict: Verdict = { xml: answer, emulator: undefined }
  accepted.set(key, verdict)
  const written = await answer
  verdict.emulator = emulatorIn(written)
  return written
}

/** The definition would outlive this process. */
async function recorded(
  hypervisor: Hypervisor,
  identifier: string,
  moment: ReleaseStack,
  define: () => Promise<string>,
): Promise<string> {
  const entry = entryOf(definitionKind, `the definition of domain ${identifier}`, { uri: hypervisor.uri })
  let isLeft = false
  await moment.defer(entry, () => {
    if (isLeft) throw new Error('the definition was not removed')
  })
  try {
    return await define()
  } catch (error) {
    // The daemon may have carried out what its answer did not come for.
    isLeft = error instanceof LibvirtConnectionError
    throw error
  } finally {
    await moment.release().catch(() => undefined)
  }
}

/** What a daemon was asked that is gone: another may answer in its place. */
function forget(uri: string): void {
  for (const key of accepted.keys()) if (key.startsWith(`[${JSON.stringify(uri)},`)) accepted.delete(key)
}

function emulatorIn(xml: string): Emulator | undefined {
  const path = /<emulator>([^<]+)<\/emulator>/.exec(xml)?.[1]
  const mark = path === undefined ? undefined : markOf(path)
  return path === undefined || mark === undefined ? undefined : { path, mark }
}

function isAsItWas(emulator: Emulator | undefined): boolean {
  return emulator === undefined || markOf(emulator.path) === emulator.mark
}

/** Undefined when there is no such file. */
function markOf(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  return found === undefined ? undefined : `${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`
}

/**
 * @param flags of its removal (virDomainUndefineFlags)
 * @returns its XML as libvirt itself writes it
 */
export async function defineForAMoment(hypervisor: Hypervisor, xml: string, flags: number): Promise<string> {
  const domain = await hypervisor.domainDefineXML(xml)
  try {
    return await domain.getXMLDesc({ flags: DomainXMLFlags.inactive })
  } finally {
    await domain.undefine({ flags })
  }
}
