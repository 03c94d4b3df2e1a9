import { InvalidArgumentError } from 'commander'

const MIB: Readonly<Record<string, number>> = { M: 1, G: 1024 }
const MOST_MIB = 1024 * 1024

/** Reads the size of a disk, such as `800M` or `2G`, and returns mebibytes. */
export function sizeOption(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,7})(M|G)$/.exec(text) ?? []
  const mib = Number(digits) * (MIB[unit] ?? 0)
  if (mib > 0 && mib <= MOST_MIB) return mib
  throw new InvalidArgumentError(
    'Expected a size in mebibytes or gibibytes, such as 800M or 2G, at most 1024G.',
  )
}
