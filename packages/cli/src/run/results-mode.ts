import { InvalidArgumentError } from 'commander'

/** Reads an option's mode of evidence files, in octal: their owner reads and writes, others read at most. */
export function modeOption(text: string): number {
  if (/^0?6[046][04]$/.test(text)) return Number.parseInt(text, 8)
  throw new InvalidArgumentError('Expected the mode of files in octal, such as 600, 640 or 644.')
}
