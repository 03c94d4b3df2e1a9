/** QEMU's names of the formats that the disk of a guest can be made from. */
export const diskFormats = ['qcow2', 'qed', 'raw', 'vdi', 'vhdx', 'vmdk', 'vpc'] as const

export type DiskFormat = (typeof diskFormats)[number]

/** Bytes at the beginning of an image in which every signature lies. */
export const HEAD_BYTES = 0x10048

interface Signature<Meaning> {
  readonly means: Meaning
  readonly offset: number
  readonly bytes: Buffer
}

function signature<Meaning>(means: Meaning, offset: number, bytes: string): Signature<Meaning> {
  return { means, offset, bytes: Buffer.from(bytes, 'latin1') }
}

// A raw image has no signature of its own: it is known by what is on it.
const signatures = [
  signature<DiskFormat>('qcow2', 0, 'QFI\xfb'),
  signature<DiskFormat>('qed', 0, 'QED\0'),
  signature<DiskFormat>('vmdk', 0, 'KDMV'),
  signature<DiskFormat>('vhdx', 0, 'vhdxfile'),
  signature<DiskFormat>('vpc', 0, 'conectix'),
  signature<DiskFormat>('vdi', 0x40, '\x7f\x10\xda\xbe'),
  signature<DiskFormat>('raw', 510, '\x55\xaa'),
  signature<DiskFormat>('raw', 0x438, '\x53\xef'),
  signature<DiskFormat>('raw', 0x10040, '_BHRfS_M'),
  signature<DiskFormat>('raw', 0, 'XFSB'),
  signature<DiskFormat>('raw', 0, 'hsqs'),
  signature<DiskFormat>('raw', 0x200, 'LABELONE'),
  signature<DiskFormat>('raw', 0x8001, 'CD001'),
]

interface Unsupported {
  readonly what: string
  /** The name that `qemu-img convert -f` has for it, if that can convert it. */
  readonly convert?: string
}

/** Images that QEMU reads and SEE does not. */
const others = [
  signature<Unsupported>(
    { what: 'a VMDK descriptor, whose data is in other files', convert: 'vmdk' },
    0,
    '# Disk DescriptorFile',
  ),
  signature<Unsupported>({ what: 'a VMDK of an ESX host', convert: 'vmdk' }, 0, 'COWD'),
  signature<Unsupported>({ what: 'a VMDK of an ESX host', convert: 'vmdk' }, 0, '\xbe\xba\xfe\xca\0\0\0\0'),
  signature<Unsupported>({ what: 'a Parallels image', convert: 'parallels' }, 0, 'WithoutFreeSpace'),
  signature<Unsupported>({ what: 'a Parallels image', convert: 'parallels' }, 0, 'WithouFreSpacExt'),
  signature<Unsupported>({ what: 'a Bochs image', convert: 'bochs' }, 0, 'Bochs Virtual HD Image'),
  signature<Unsupported>({ what: 'a cloop image', convert: 'cloop' }, 0, '#!/bin/sh\n#V2.0 Format'),
  signature<Unsupported>(
    { what: 'encrypted with LUKS; if the guest itself opens it, set "format": "raw" beside "image"' },
    0,
    'LUKS\xba\xbe',
  ),
]

function find<Meaning>(head: Buffer, list: readonly Signature<Meaning>[]): Meaning | undefined {
  return list.find(({ offset, bytes }) => head.subarray(offset, offset + bytes.length).equals(bytes))?.means
}

/** The format of an image by its first bytes; undefined for one that has no signature. */
export function formatIn(head: Buffer): DiskFormat | undefined {
  return unsupportedIn(head) === undefined ? find(head, signatures) : undefined
}

/** What an image is that SEE does not run from, and how it is converted; undefined for others. */
export function unsupportedIn(head: Buffer): string | undefined {
  const other = find(head, others)
  if (other === undefined) return undefined
  const { what, convert } = other
  return convert === undefined ? what : `${what}; convert it: qemu-img convert -f ${convert} -O qcow2`
}
