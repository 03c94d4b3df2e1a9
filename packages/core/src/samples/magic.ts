/** What a sample is that no Linux guest executes, and what a guest needs that opens it. */
export interface Foreign {
  readonly format: string
  /** Completes "a guest with …". */
  readonly needs: string
}

export type ArchiveFormat = 'zip' | '7z' | 'rar' | 'cab' | 'iso' | 'tar' | 'gzip' | 'xz' | 'bzip2' | 'zstd'

const WINDOWS = 'Windows, or Wine'
const OFFICE = 'an office program such as LibreOffice'
const VIEWER = 'a viewer of images'

type Magic = readonly [bytes: string, offset: number, Foreign]

/** By what these files begin with, from their formats' specifications; the bytes as latin1. */
const foreign: readonly Magic[] = [
  ['\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 0, { format: 'OLE document (Office 97 to 2003, MSI)', needs: OFFICE }],
  ['{\\rtf', 0, { format: 'RTF document', needs: OFFICE }],
  ['\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d', 0, { format: 'OneNote document', needs: 'OneNote' }],
  ['L\0\0\0\x01\x14\x02\0', 0, { format: 'Windows shortcut', needs: WINDOWS }],
  ['ITSF', 0, { format: 'Windows help file', needs: WINDOWS }],
  ['\x89PNG\r\n\x1a\n', 0, { format: 'PNG image', needs: VIEWER }],
  ['\xff\xd8\xff', 0, { format: 'JPEG image', needs: VIEWER }],
  ['GIF8', 0, { format: 'GIF image', needs: VIEWER }],
  ['II*\0', 0, { format: 'TIFF image', needs: VIEWER }],
  ['MM\0*', 0, { format: 'TIFF image', needs: VIEWER }],
  ['WEBP', 8, { format: 'WebP image', needs: VIEWER }],
  ['\0\0\x01\0', 0, { format: 'icon', needs: VIEWER }],
  ['\xfe\xed\xfa\xce', 0, { format: 'macOS program', needs: 'macOS' }],
  ['\xfe\xed\xfa\xcf', 0, { format: 'macOS program', needs: 'macOS' }],
  ['\xce\xfa\xed\xfe', 0, { format: 'macOS program', needs: 'macOS' }],
  ['\xcf\xfa\xed\xfe', 0, { format: 'macOS program', needs: 'macOS' }],
  ['\xca\xfe\xba\xbe', 0, { format: 'Java class or macOS program', needs: 'Java, or macOS' }],
  ['dex\n', 0, { format: 'Android program', needs: 'Android' }],
  ['\0asm', 0, { format: 'WebAssembly module', needs: 'a runtime of WebAssembly' }],
  ['SQLite format 3\0', 0, { format: 'SQLite database', needs: 'sqlite3' }],
]

const archives: readonly (readonly [string, number, ArchiveFormat])[] = [
  ['7z\xbc\xaf\x27\x1c', 0, '7z'],
  ['Rar!\x1a\x07', 0, 'rar'],
  ['MSCF\0\0\0\0', 0, 'cab'],
  ['\x1f\x8b', 0, 'gzip'],
  ['\xfd7zXZ\0', 0, 'xz'],
  ['BZh', 0, 'bzip2'],
  ['\x28\xb5\x2f\xfd', 0, 'zstd'],
  ['ustar', 257, 'tar'],
]

/** The first name in these zip archives, or their extension, shows what they are. */
const zipped: readonly (readonly [RegExp, RegExp, Foreign])[] = [
  [
    /^(\[Content_Types\]\.xml|_rels\/)/,
    /\.(doc|xls|ppt)[xm]$/i,
    { format: 'Office document (OOXML)', needs: OFFICE },
  ],
  [/^mimetype$/, /\.(od[tspg]|epub)$/i, { format: 'OpenDocument or EPUB', needs: OFFICE }],
  [/^AndroidManifest\.xml$/, /\.apk$/i, { format: 'Android package', needs: 'Android' }],
  [/^META-INF\//, /\.(jar|war)$/i, { format: 'Java archive', needs: 'Java' }],
]

/** @param start what the file begins with; @param name its own */
export function foreignIn(start: Buffer, name: string): Foreign | undefined {
  if (start.subarray(0, 1024).includes('%PDF-')) {
    return { format: 'PDF document', needs: 'a PDF viewer' }
  }
  if (start[0] === 0x4d && start[1] === 0x5a && start.includes(0)) {
    return { format: isPe(start) ? 'Windows program (PE)' : 'DOS or Windows program (MZ)', needs: WINDOWS }
  }
  if (isZip(start)) {
    const first = start.toString('latin1', 30, 30 + start.readUInt16LE(26))
    return zipped.find(([entry, extension]) => entry.test(first) || extension.test(name))?.[2]
  }
  return foreign.find(([bytes, offset]) => has(start, bytes, offset))?.[2]
}

export function archiveIn(start: Buffer): ArchiveFormat | undefined {
  if (isZip(start) || has(start, 'PK\x05\x06', 0)) return 'zip'
  return archives.find(([bytes, offset]) => has(start, bytes, offset))?.[2]
}

/** Where an image of an optical disc says what it is: the beginning is free for anything, such as a boot sector. */
export const discSignature = { offset: 32_769, bytes: 5 } as const

/** @param signature what is there: that of ISO 9660, or of UDF alone */
export function isDisc(signature: Buffer): boolean {
  return ['CD001', 'BEA01'].includes(signature.toString('latin1'))
}

function isZip(start: Buffer): boolean {
  return has(start, 'PK\x03\x04', 0) && start.length >= 30
}

function isPe(start: Buffer): boolean {
  return start.length >= 64 && has(start, 'PE\0\0', start.readUInt32LE(60))
}

function has(start: Buffer, bytes: string, offset: number): boolean {
  return start.toString('latin1', offset, offset + bytes.length) === bytes
}
