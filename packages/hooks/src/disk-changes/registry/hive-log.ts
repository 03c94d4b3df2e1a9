import { type HiveState, stateOfHive } from './hive-file.ts'

const BASE_BYTES = 512
const ENTRY = 'HvLE'
const OLD_ENTRY = 'DIRT'
const LARGEST = 2 ** 32

/**
 * Whether the log of a hive holds changes that the hive's file does not: entries of the format of Windows 8.1, or the dirty
 * pages of older ones.
 */
export function isLogNewer(log: Buffer, { sequences: [, flushed] }: HiveState): boolean {
  if (log.length < BASE_BYTES + 16 || log.toString('latin1', 0, 4) !== 'regf') return false
  const kind = log.toString('latin1', BASE_BYTES, BASE_BYTES + 4)
  if (kind === OLD_ENTRY) return isAfter(stateOfHive(log).sequences[0], flushed)
  for (let at = BASE_BYTES; at + 16 <= log.length && log.toString('latin1', at, at + 4) === ENTRY; ) {
    const [size, sequence] = [log.readUInt32LE(at + 4), log.readUInt32LE(at + 12)]
    if (sequence === flushed || isAfter(sequence, flushed)) return true
    if (size < BASE_BYTES) break
    at += size
  }
  return false
}

/** Numbers that begin again at 0. */
function isAfter(one: number, other: number): boolean {
  const distance = (one - other + LARGEST) % LARGEST
  return distance > 0 && distance < LARGEST / 2
}
