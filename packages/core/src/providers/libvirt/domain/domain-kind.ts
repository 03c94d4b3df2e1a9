import { setTimeout as sleep } from 'node:timers/promises'
import { type Domain, DomainUndefineFlags, type Hypervisor, isLibvirtError } from '@see/libvirt'
import { z } from 'zod'
import { isDaemonGone } from '../daemon/open-daemon.ts'
import { type LibvirtKind, type Undoing, unlessMissing } from '../daemon/libvirt-kind.ts'
import { hasQemuHere, killQemuOf } from './kill-guest.ts'
import { removeLeftOfGuest } from './left-of-guest.ts'

const AGAIN_MS = 50
const { managedSave, snapshotsMetadata, keepNvram } = DomainUndefineFlags

const payload = z.strictObject({ uri: z.string() })

/** The transient domain of an environment, and what runs it. */
export const domainKind: LibvirtKind<z.output<typeof payload>> = {
  kind: 'libvirt-domain',
  isLasting: false,
  payload,
  undo: async (undoing) => {
    try {
      await undoDomain(undoing)
    } catch (error) {
      if (!hasQemuHere(undoing.payload.uri) || !isDaemonGone(error)) throw error
      // Without QEMU and without a daemon there are only files of a transient domain; the next daemon forgets it.
      await removeLeftOfGuest(undoing.identifier)
    }
  },
}

/** The definition of a domain. */
export const definitionKind: LibvirtKind<z.output<typeof payload>> = {
  ...domainKind,
  kind: 'libvirt-definition',
  isLasting: true,
  undo: undoDomain,
}

/**
 * A daemon that is creating the domain may not know it yet, and one that is gone or stopped does not end it: so its
 * QEMU is killed without libvirt first.
 */
async function undoDomain(undoing: Undoing<z.output<typeof payload>>): Promise<void> {
  const { identifier, daemons, signal, settleMs = 0 } = undoing
  const { uri } = undoing.payload
  const isHere = hasQemuHere(uri)
  const until = performance.now() + settleMs
  do {
    if (isHere) await killQemuOf(identifier, signal)
    await removeDomain(await daemons.at(uri), identifier)
    signal.throwIfAborted()
    if (settleMs > 0) await sleep(AGAIN_MS, undefined, { signal })
  } while (performance.now() < until)
  if (isHere) await removeLeftOfGuest(identifier)
}

async function removeDomain(hypervisor: Hypervisor, identifier: string): Promise<void> {
  const domain = await unlessMissing('VIR_ERR_NO_DOMAIN', hypervisor.domainLookupByUUID(identifier))
  // A domain of that UUID and another name is none of ours.
  if (domain === undefined || domain.name !== identifier) return
  await unlessGone(domain.destroy())
  await unlessGone(undefine(domain))
}

async function undefine(domain: Domain): Promise<void> {
  try {
    await domain.undefine({ flags: managedSave | snapshotsMetadata | keepNvram })
  } catch (error) {
    // LXC's driver and VirtualBox's know none of the flags.
    if (!isLibvirtError(error) || error.code !== 'VIR_ERR_INVALID_ARG') throw error
    await domain.undefine()
  }
}

/** A transient domain is gone when it is off, and has no definition. */
async function unlessGone(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    const codes = ['VIR_ERR_NO_DOMAIN', 'VIR_ERR_OPERATION_INVALID']
    if (!isLibvirtError(error) || !codes.includes(error.code)) throw error
  }
}
