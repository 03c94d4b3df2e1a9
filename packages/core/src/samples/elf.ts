import type { FileHandle } from 'node:fs/promises'
import { bytesAt } from './bytes-at.ts'

// Facts: elf(5). Everything in the file is hostile: each read is bounded, and what lies outside of the file is not there.
const CLASS_32 = 1
const CLASS_64 = 2
const LITTLE_ENDIAN = 1
const MOST_SEGMENTS = 1024
const MOST_DYNAMIC_BYTES = 65_536
const MOST_LIBRARIES = 200
const NAME_BYTES = 256
const PT_LOAD = 1
const PT_DYNAMIC = 2
const PT_INTERP = 3
const DT_NEEDED = 1
const DT_STRTAB = 5
const DT_SONAME = 14

const types: Readonly<Record<number, ElfType>> = { 1: 'object', 2: 'program', 3: 'shared', 4: 'core' }

const machines: Readonly<Record<number, string>> = {
  2: 'SPARC',
  3: 'x86',
  4: 'Motorola 68000',
  8: 'MIPS',
  20: 'PowerPC',
  21: 'PowerPC 64',
  22: 'S390',
  40: 'ARM',
  42: 'SuperH',
  43: 'SPARC 64',
  50: 'Itanium',
  62: 'x86-64',
  183: 'ARM 64',
  243: 'RISC-V',
  258: 'LoongArch',
}

type ElfType = 'object' | 'program' | 'shared' | 'core'

/** What an ELF file says of itself. */
export interface Elf {
  readonly bits: 32 | 64
  readonly machine: string
  /** A program that can be loaded anywhere counts as one; a library does not. */
  readonly type: ElfType | 'unknown'
  /** The program that loads it; null for one that names none. */
  readonly interpreter: string | null
  /** The libraries that it names itself. */
  readonly needed: readonly string[]
}

interface Segment {
  readonly type: number
  readonly offset: number
  readonly address: number
  readonly bytes: number
}

/** Reads the headers of an ELF file without running anything of it; undefined for what is none, or cut short. */
export async function readElf(file: FileHandle): Promise<Elf | undefined> {
  const header = await bytesAt(file, 0, 64)
  if (header.length < 52 || !header.subarray(0, 4).equals(Buffer.from('\x7fELF'))) return undefined
  if (header[4] !== CLASS_32 && header[4] !== CLASS_64) return undefined
  const bits = header[4] === CLASS_64 ? 64 : 32
  const isLittle = header[5] === LITTLE_ENDIAN
  const number = isLittle ? header.readUInt16LE(18) : header.readUInt16BE(18)
  const machine = machines[number] ?? `machine number ${number}`
  const type = types[isLittle ? header.readUInt16LE(16) : header.readUInt16BE(16)] ?? 'unknown'
  const rest = { bits, machine, type, interpreter: null, needed: [] } as const
  // For other machines it is enough to know which.
  if (!isLittle || (bits === 64 && header.length < 64)) return rest
  const segments = await segmentsOf(file, header, bits)
  const interpreter = await interpreterOf(file, segments)
  const { needed, soname } = await dynamicOf(file, segments, bits)
  const isProgram = type === 'shared' && (interpreter !== null || soname === undefined)
  return { ...rest, type: isProgram ? 'program' : type, interpreter, needed }
}

async function segmentsOf(file: FileHandle, header: Buffer, bits: 32 | 64): Promise<Segment[]> {
  const is64 = bits === 64
  const start = is64 ? Number(header.readBigUInt64LE(32)) : header.readUInt32LE(28)
  const size = header.readUInt16LE(is64 ? 54 : 42)
  const count = header.readUInt16LE(is64 ? 56 : 44)
  if (size !== (is64 ? 56 : 32) || count > MOST_SEGMENTS) return []
  const table = await bytesAt(file, start, count * size)
  const segments: Segment[] = []
  for (let at = 0; at + size <= table.length; at += size) {
    const word = (in64: number, in32: number): number =>
      is64 ? Number(table.readBigUInt64LE(at + in64)) : table.readUInt32LE(at + in32)
    const type = table.readUInt32LE(at)
    segments.push({ type, offset: word(8, 4), address: word(16, 8), bytes: word(32, 16) })
  }
  return segments
}

async function interpreterOf(file: FileHandle, segments: readonly Segment[]): Promise<string | null> {
  const segment = segments.find(({ type }) => type === PT_INTERP)
  const path = segment === undefined ? '' : await nameAt(file, segment.offset)
  return path === '' ? null : path
}

async function dynamicOf(file: FileHandle, segments: readonly Segment[], bits: 32 | 64) {
  const segment = segments.find(({ type }) => type === PT_DYNAMIC)
  if (segment === undefined) return { needed: [], soname: undefined }
  const table = await bytesAt(file, segment.offset, Math.min(segment.bytes, MOST_DYNAMIC_BYTES))
  const size = bits / 4
  const names: number[] = []
  let soname: number | undefined
  let strings = 0
  for (let at = 0; at + size <= table.length; at += size) {
    const tag = bits === 64 ? Number(table.readBigInt64LE(at)) : table.readInt32LE(at)
    const value = bits === 64 ? Number(table.readBigUInt64LE(at + 8)) : table.readUInt32LE(at + 4)
    if (tag === 0) break
    if (tag === DT_NEEDED && names.length < MOST_LIBRARIES) names.push(value)
    if (tag === DT_STRTAB) strings = value
    if (tag === DT_SONAME) soname = value
  }
  const start = offsetOf(strings, segments)
  const needed = start === undefined ? [] : await Promise.all(names.map((name) => nameAt(file, start + name)))
  return { needed, soname }
}

/** Where in the file an address of the loaded program is. */
function offsetOf(address: number, segments: readonly Segment[]): number | undefined {
  const within = segments.find(
    (segment) =>
      segment.type === PT_LOAD && address >= segment.address && address < segment.address + segment.bytes,
  )
  return within === undefined ? undefined : address - within.address + within.offset
}

async function nameAt(file: FileHandle, position: number): Promise<string> {
  return textIn(await bytesAt(file, position, NAME_BYTES))
}

function textIn(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end)
}
