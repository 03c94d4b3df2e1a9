import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'

const BLOCK = 4096
const NONE = 0xffffffff
/** Owner and group are the administrators; no one is denied anything. */
const SECURITY = Buffer.from(
  '010004801400000024000000000000003400000001020000000000052000000020020000010200000000000520000000200200000200080000000000',
  'hex',
)

/** Writes a hive of the registry of Windows with nothing in it but its root. */
export function emptyHive(path: string): string {
  const hive = Buffer.alloc(2 * BLOCK)
  const numbers = (offset: number, values: Readonly<Record<number, number>>) => {
    for (const [at, value] of Object.entries(values)) hive.writeUInt32LE(value, offset + Number(at))
  }
  // Cells are counted from the end of the header and begin with their length, which is negative when they are used.
  const cell = (offset: number, length: number) => {
    const rounded = (4 + length + 7) & ~7
    hive.writeInt32LE(-rounded, BLOCK + offset)
    return offset + rounded
  }
  const name = 'ROOT'
  const root = 0x20
  const security = cell(root, 0x4c + name.length)
  const free = cell(security, 0x14 + SECURITY.length)

  hive.write('regf', 0)
  numbers(0, { 4: 1, 8: 1, 20: 1, 24: 3, 32: 1, 36: root, 40: BLOCK, 44: 1 })
  hive.write('hbin', BLOCK)
  numbers(BLOCK, { 8: BLOCK })
  const key = BLOCK + root + 4
  hive.write('nk', key)
  hive.writeUInt16LE(0x2c, key + 2)
  numbers(key, { 0x10: NONE, 0x1c: NONE, 0x20: NONE, 0x28: NONE, 0x2c: security, 0x30: NONE })
  hive.writeUInt16LE(name.length, key + 0x48)
  hive.write(name, key + 0x4c)
  const record = BLOCK + security + 4
  hive.write('sk', record)
  numbers(record, { 4: security, 8: security, 12: 1, 16: SECURITY.length })
  SECURITY.copy(hive, record + 20)
  hive.writeInt32LE(BLOCK - free, BLOCK + free)
  writeFileSync(path, resealHive(hive))
  return path
}

/** Adds to a hive what stands in the text of a .reg file; each key's parents must be listed before it. */
export function mergeIntoHive(path: string, text: string): string {
  const input = `Windows Registry Editor Version 5.00\n\n${text}\n`
  execFileSync('hivexregedit', ['--merge', '--unsafe-printable-strings', path], { input })
  return path
}

/** The bytes of a hive or its log, with the sum of its first block as it should be. */
export function resealHive(bytes: Buffer): Buffer {
  let sum = 0
  for (let offset = 0; offset < 508; offset += 4) sum ^= bytes.readUInt32LE(offset)
  bytes.writeUInt32LE(sum >>> 0, 508)
  return bytes
}
