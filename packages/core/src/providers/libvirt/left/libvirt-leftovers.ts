import type { Leftovers, Undoer } from '../../../contract/left.ts'

/** What sandboxes of any driver of libvirt's may leave. */
const KINDS = [
  'libvirt-domain',
  'libvirt-definition',
  'libvirt-state',
  'libvirt-pool',
  'libvirt-network',
  'libvirt-shared-network',
  'libvirt-filter',
  'nftables',
] as const

/** A client that is gone does not keep libvirtd from starting its guest. */
const SETTLING = ['libvirt-domain', 'libvirt-definition']

/**
 * How what a driver's sandboxes left is undone; what works with libvirt is loaded when it is used.
 * @param kinds that only this driver's sandboxes leave
 */
export function libvirtLeftovers(undoer: () => Promise<Undoer>, kinds: readonly string[] = []): Leftovers {
  return { kinds: [...KINDS, ...kinds], settling: SETTLING, undoer }
}
