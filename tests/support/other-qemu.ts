import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const INSTALLED = '/usr/bin/qemu-system-x86_64'

/** A copy of the installed QEMU in `folder`/bin. It looks for its firmware and modules beside itself. */
export function copyOfQemu(folder: string): string {
  const program = join(folder, 'bin', 'qemu-system-x86_64')
  mkdirSync(join(folder, 'bin'))
  for (const name of ['lib', 'share']) symlinkSync(join('/usr', name), join(folder, name))
  copyFileSync(INSTALLED, program)
  chmodSync(program, 0o755)
  return program
}

/**
 * Replaces such a copy by a QEMU of another version: the same program but for the version that it reports, as text
 * and, to its monitor, as numbers.
 * @returns that version
 */
export function upgradeQemu(program: string): string {
  const said = execFileSync(program, ['--version'], { encoding: 'utf8' })
  const [, release = '', last = ''] = /version (\d+\.\d+)\.(\d+) /.exec(said) ?? []
  const micro = Number(last)
  // A version of as many digits.
  const other = micro % 2 === 0 ? micro + 1 : micro - 1
  const code = readFileSync(program)
  replaceOnly(code, assignmentOf(micro), assignmentOf(other))
  replaceOnly(code, Buffer.from(`${release}.${micro} `), Buffer.from(`${release}.${other} `))
  rmSync(program)
  writeFileSync(program, code, { mode: 0o755 })
  return `${release}.${other}`
}

/** `movq $micro, 16(%rax)`: the third number of the structure that QEMU answers `query-version` with. */
function assignmentOf(micro: number): Buffer {
  return Buffer.from([0x48, 0xc7, 0x40, 0x10, micro, 0, 0, 0])
}

function replaceOnly(code: Buffer, old: Buffer, by: Buffer): void {
  const at = code.indexOf(old)
  if (at < 0 || code.includes(old, at + 1)) {
    throw new Error(`the installed QEMU has ${old.toString('hex')}, a part of its version, not exactly once`)
  }
  by.copy(code, at)
}
