import { SeeError } from '../common/errors.ts'
import type { Elf } from './elf.ts'
import { describeSample, type SampleKind } from './sample-kind.ts'

/** @throws SeeError `SAMPLE_UNSUITABLE` for what no Linux guest runs without a command */
export function assertRunnable(kind: SampleKind): void {
  if (kind.kind === 'script' || kind.kind === 'text') return
  if (kind.kind === 'elf' && kind.elf.type === 'program') return
  throw unsuitable(kind, kind.kind === 'foreign' ? `it needs ${kind.needs}` : 'it is no program')
}

/** With what the user can do about it. */
export function unsuitable(kind: SampleKind, why: string): SeeError {
  const advice =
    kind.kind === 'folder'
      ? 'name the file that is run with --entry, or say by --command what is done with {sample}'
      : 'choose a guest that can open it, and say how by --command, in which {sample} is its path'
  const what = describeSample(kind)
  const article = /^([aeioux]|RTF)/i.test(what) ? 'an' : 'a'
  return new SeeError('SAMPLE_UNSUITABLE', `the sample is ${article} ${what}, and ${why}: ${advice}`)
}

const guestMachines: Readonly<Record<string, RegExp>> = {
  'x86-64': /^x86_64$/,
  x86: /^(x86_64|i.86)$/,
  'ARM 64': /^aarch64/,
  ARM: /^(arm|aarch64)/,
  MIPS: /^mips/,
  PowerPC: /^ppc/,
  'PowerPC 64': /^ppc64/,
  'RISC-V': /^riscv/,
  S390: /^s390/,
  LoongArch: /^loongarch/,
}

/** @param guest what `uname -m` says there */
export function runsOn({ machine }: Elf, guest: string): boolean {
  return guestMachines[machine]?.test(guest) ?? false
}
