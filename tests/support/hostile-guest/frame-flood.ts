/** What a guest sends without end. */
export interface Flood {
  /** The frame, from the destination's address on. */
  readonly frame: Buffer
  /** Where four bytes of it are counted up after each frame. */
  readonly counters: readonly number[]
}

type Instruction = readonly number[]

const BASE = 0x40_0000
const HEADERS_BYTES = 64 + 56
/** The guest's eth0, behind lo. */
const INTERFACE = 2

/** A program for x86-64 Linux that sends a frame by a packet socket without end, made here since guests have no compiler. */
export function floodProgram({ frame, counters }: Flood): Buffer {
  const address = Buffer.alloc(20)
  address.writeUInt16LE(17, 0) // AF_PACKET
  address.writeUInt16BE(3, 2) // ETH_P_ALL
  address.writeInt32LE(INTERFACE, 4)
  address.writeUInt8(6, 11)
  const data = Buffer.concat([address, frame])
  // The code's length does not depend on the addresses in it.
  const dataAt = BASE + HEADERS_BYTES + codeOf(counters, frame.length, 0).length
  const code = codeOf(counters, frame.length, dataAt)
  return Buffer.concat([headers(HEADERS_BYTES + code.length + data.length), code, data])
}

function codeOf(counters: readonly number[], frameBytes: number, dataAt: number): Buffer {
  const open: Instruction[] = [
    [0xbf, ...word(17)], // mov edi, AF_PACKET
    [0xbe, ...word(3)], // mov esi, SOCK_RAW
    [0xba, ...word(0x0300)], // mov edx, ETH_P_ALL
    [0xb8, ...word(41)], // mov eax, socket
    [0x0f, 0x05], // syscall
    [0x89, 0xc7], // mov edi, eax
    [0xbe, ...word(dataAt + 20)], // mov esi, the frame
    [0x41, 0xb8, ...word(dataAt)], // mov r8d, the address
    [0x41, 0xb9, ...word(20)], // mov r9d, its length
    [0x45, 0x31, 0xd2], // xor r10d, r10d
  ]
  const send: Instruction[] = [
    [0xba, ...word(frameBytes)], // mov edx, the frame's length
    [0xb8, ...word(44)], // mov eax, sendto
    [0x0f, 0x05], // syscall
    ...counters.map((at) => [0xff, 0x86, ...word(at)]), // inc dword [rsi + at]
  ]
  const back = -(send.flat().length + 5)
  return Buffer.from([...open, ...send, [0xe9, ...word(back)]].flat()) // jmp send
}

function word(value: number): number[] {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return [...bytes]
}

/** An ELF file's and its only segment's, which is readable, writable and executable. */
function headers(bytes: number): Buffer {
  const file = Buffer.alloc(HEADERS_BYTES)
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  file.writeUInt16LE(2, 16) // a program
  file.writeUInt16LE(62, 18) // for x86-64
  file.writeUInt32LE(1, 20)
  file.writeBigUInt64LE(BigInt(BASE + HEADERS_BYTES), 24)
  file.writeBigUInt64LE(64n, 32)
  file.writeUInt16LE(64, 52)
  file.writeUInt16LE(56, 54)
  file.writeUInt16LE(1, 56)
  file.writeUInt32LE(1, 64) // to load
  file.writeUInt32LE(7, 68)
  file.writeBigUInt64LE(BigInt(BASE), 80)
  file.writeBigUInt64LE(BigInt(BASE), 88)
  file.writeBigUInt64LE(BigInt(bytes), 96)
  file.writeBigUInt64LE(BigInt(bytes), 104)
  file.writeBigUInt64LE(0x1000n, 112)
  return file
}
