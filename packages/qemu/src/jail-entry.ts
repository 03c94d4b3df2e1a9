import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { constants } from 'node:os'
import { Readable, type Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { INFORMATION_FD } from './jail.ts'
import { QemuError } from './qemu-error.ts'
import type { QemuEnd } from './qemu-end.ts'

/** A shell, and bubblewrap with it, reports a signal as an exit code of 128 and its number. */
const FIRST_SIGNAL_CODE = 128
const FIRST_PROCESS = '"child-pid":'

/** The processes in a jail, by their numbers outside. */
export interface JailedProcesses {
  /** The first one, with which all others die. */
  readonly first: number
  readonly qemu: number
}

/** What bubblewrap is connected to this process by. */
interface JailPipes {
  readonly stdin: Writable | null
  readonly stdout: Readable | null
  readonly stdio: readonly (Readable | Writable | null | undefined)[]
}

/**
 * Waits until a jail is complete, and then has its shell become QEMU.
 * @throws Error when that ends before, or does not say what it is
 */
export async function enterJail({ stdin, stdout, stdio }: JailPipes): Promise<JailedProcesses> {
  const information = stdio[INFORMATION_FD]
  if (stdin === null || stdout === null || !(information instanceof Readable)) {
    throw new Error('bubblewrap has no pipes')
  }
  stdin.on('error', () => undefined)
  const [said] = await Promise.all([text(information), begun(stdout)])
  const first = Number.parseInt(said.split(FIRST_PROCESS)[1] ?? '', 10)
  const qemu = Number.parseInt(await readFile(`/proc/${first}/task/${first}/children`, 'utf8'), 10)
  if (!Number.isInteger(qemu)) throw new Error('the process in the jail is not known')
  stdin.end('\n')
  return { first, qemu }
}

/** How a jailed QEMU ended, by how bubblewrap did. */
export function endInJail({ exitCode, signal }: QemuEnd): QemuEnd {
  if (exitCode === null || exitCode <= FIRST_SIGNAL_CODE) return { exitCode, signal }
  const names = Object.entries(constants.signals)
  const [name] = names.find(([, number]) => number === exitCode - FIRST_SIGNAL_CODE) ?? []
  return isSignal(name) ? { exitCode: null, signal: name } : { exitCode, signal }
}

/** What bubblewrap's own words mean: a file that is not there, or not to be read, is no fault of the host's. */
export function jailFailure(words: string, cause: unknown): QemuError {
  const isOfHost = words.startsWith('bwrap: ') && !words.includes('source path')
  const said = words === '' ? 'bubblewrap ended without a word' : words
  return new QemuError(isOfHost ? 'QEMU_JAIL' : 'QEMU_START', `QEMU was not started: ${said}`, { cause })
}

/** Until it says that it is there. */
async function begun(stdout: Readable): Promise<void> {
  const over = new AbortController()
  const ended = once(stdout, 'close', { signal: over.signal }).then(() => {
    throw new Error('bubblewrap ended before the jail was complete')
  })
  ended.catch(() => undefined)
  try {
    await Promise.race([once(stdout, 'data', { signal: over.signal }), ended])
  } finally {
    over.abort()
  }
}

function isSignal(name: string | undefined): name is NodeJS.Signals {
  return name !== undefined && Object.hasOwn(constants.signals, name)
}
