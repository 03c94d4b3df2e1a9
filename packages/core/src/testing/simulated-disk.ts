import { Readable } from 'node:stream'
import type { GuestDisk } from '../contract/disk-ability.ts'

const CLUSTER_BYTES = 65_536

/** The first cluster of a qcow2 image of no bytes. */
function emptyImage(): Buffer {
  const header = Buffer.alloc(CLUSTER_BYTES)
  header.write('QFI\xfb', 'latin1')
  header.writeUInt32BE(3, 4)
  header.writeUInt32BE(Math.log2(CLUSTER_BYTES), 20)
  header.writeUInt32BE(104, 100)
  return header
}

/** A disk of no bytes, whose image there is not. */
export const emptyDisk: GuestDisk = {
  image: { path: '/nowhere/simulated.img', format: 'raw' },
  read: async () => Readable.from([emptyImage()]),
}
