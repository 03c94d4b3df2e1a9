/** The parts of a qcow2 header that a test chooses. */
export interface Qcow2Parts {
  readonly version?: number
  /** The name of the backing file, as it stands in the header. */
  readonly backing?: string | Buffer | undefined
  /** The name of its format, in the header extension; none when not given. */
  readonly backingFormat?: string | undefined
  /** 1 is AES, 2 is LUKS. */
  readonly encryption?: number
  readonly incompatibleFeatures?: bigint
  /** The name of an external data file. */
  readonly dataFile?: string | undefined
  readonly clusterBits?: number
  readonly virtualBytes?: number
  /** Where the name of the backing file is said to be; its place when not given. */
  readonly backingOffset?: bigint
  readonly backingLength?: number
}

const BACKING_FORMAT = 0xe2792aca
const DATA_FILE = 0x44415441
const HEADER_BYTES = 104

/**
 * The header cluster of a qcow2 image: https://www.qemu.org/docs/master/interop/qcow2.html. QEMU opens it, and finds no
 * allocated cluster.
 */
export function qcow2Header(parts: Qcow2Parts = {}): Buffer {
  const {
    version = 3,
    backing,
    backingFormat,
    dataFile,
    clusterBits = 16,
    virtualBytes = 1024 * 1024,
  } = parts
  const image = Buffer.alloc(4 * 65_536)
  image.write('QFI\xfb', 0, 'latin1')
  image.writeUInt32BE(version, 4)
  image.writeUInt32BE(clusterBits, 20)
  image.writeBigUInt64BE(BigInt(virtualBytes), 24)
  image.writeUInt32BE(parts.encryption ?? 0, 32)
  image.writeUInt32BE(1, 36)
  image.writeBigUInt64BE(3n * 65_536n, 40)
  image.writeBigUInt64BE(65_536n, 48)
  image.writeUInt32BE(1, 56)
  if (version >= 3) {
    const feature = dataFile === undefined ? 0n : 4n
    image.writeBigUInt64BE(parts.incompatibleFeatures ?? feature, 72)
    image.writeUInt32BE(4, 96)
    image.writeUInt32BE(HEADER_BYTES, 100)
  }
  let offset = version >= 3 ? HEADER_BYTES : 72
  const extend = (magic: number, content: string): void => {
    image.writeUInt32BE(magic, offset)
    image.writeUInt32BE(Buffer.byteLength(content), offset + 4)
    image.write(content, offset + 8)
    offset += 8 + Math.ceil(Buffer.byteLength(content) / 8) * 8
  }
  if (backingFormat !== undefined) extend(BACKING_FORMAT, backingFormat)
  if (dataFile !== undefined) extend(DATA_FILE, dataFile)
  offset += 8
  const name = Buffer.from(backing ?? '')
  name.copy(image, offset)
  if (backing !== undefined || parts.backingOffset !== undefined) {
    image.writeBigUInt64BE(parts.backingOffset ?? BigInt(offset), 8)
    image.writeUInt32BE(parts.backingLength ?? name.length, 16)
  }
  // One refcount block, in which the first four clusters are taken.
  image.writeBigUInt64BE(2n * 65_536n, 65_536)
  for (let cluster = 0; cluster < 4; cluster++) image.writeUInt16BE(1, 2 * 65_536 + 2 * cluster)
  return image
}

/** The header of a QED image, little-endian: QEMU's docs/interop/qed_spec.txt. */
export function qedHeader(backing: string, { isRaw = false } = {}): Buffer {
  const image = Buffer.alloc(5 * 65_536)
  image.write('QED\0', 0, 'latin1')
  image.writeUInt32LE(65_536, 4)
  image.writeUInt32LE(4, 8)
  image.writeUInt32LE(1, 12)
  image.writeBigUInt64LE(1n | (isRaw ? 4n : 0n), 16)
  image.writeBigUInt64LE(65_536n, 40)
  image.writeBigUInt64LE(1024n * 1024n, 48)
  image.writeUInt32LE(64, 56)
  image.writeUInt32LE(Buffer.byteLength(backing), 60)
  image.write(backing, 64)
  return image
}

/** A VMDK text descriptor with these lines of extents. */
export function vmdkDescriptor(extents: readonly string[], parent?: string): string {
  const lines = ['# Disk DescriptorFile', 'version=1', 'CID=fffffffe', 'parentCID=ffffffff']
  lines.push('createType="monolithicFlat"', ...extents)
  if (parent !== undefined) lines.push(`parentFileNameHint="${parent}"`)
  return `${lines.join('\n')}\n`
}

/** The head of a sparse VMDK that has its descriptor in it: VMware's "Virtual Disk Format 5.0". */
export function vmdkSparse(descriptor: string, capacity = 2048n): Buffer {
  const image = Buffer.alloc(65_536 + 512 * 128)
  image.write('KDMV', 0, 'latin1')
  image.writeUInt32LE(1, 4)
  image.writeUInt32LE(3, 8)
  image.writeBigUInt64LE(capacity, 12)
  image.writeBigUInt64LE(128n, 20)
  image.writeBigUInt64LE(1n, 28)
  image.writeBigUInt64LE(20n, 36)
  image.writeUInt32LE(512, 44)
  image.writeBigUInt64LE(26n, 56)
  image.writeBigUInt64LE(128n, 64)
  image.write('\n \r\n', 73, 'latin1')
  image.write(descriptor, 512)
  return image
}
