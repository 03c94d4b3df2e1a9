import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'
import { main } from '../../packages/cli/dist/main.js'
import { embeddedGuest } from './embedded-guest.ts'

const see = fileURLToPath(new URL('../../packages/cli/dist/see.js', import.meta.url))

interface Ended {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly error: string
}

/** A `see` that runs in `folder`. `said` resolves when its standard error matches. */
export interface SeeCommand {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  readonly said: (pattern: RegExp) => Promise<void>
}

interface StartOptions {
  readonly env?: NodeJS.ProcessEnv
  /** What the command line is put behind. */
  readonly prefix?: readonly string[]
  /** Options of Node. */
  readonly node?: readonly string[]
}

/** Starts the command; it is killed when the test ends before it. */
export function startSee(
  folder: string,
  argv: readonly string[],
  { env = {}, prefix = [], node = [] }: StartOptions = {},
): SeeCommand {
  const [command = '', ...words] = [...prefix, process.execPath, ...node, see, ...argv]
  // Tests silence the log; here it is what a user would see.
  const { SEE_LOG: _silent, ...inherited } = process.env
  const child = spawn(command, words, {
    cwd: folder,
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let [out, error] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (error += text))
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal, out, error }))
  })
  const said = async (pattern: RegExp) => await expect.poll(() => error, { timeout: 15_000 }).toMatch(pattern)
  return { child, ended, said }
}

/** The same in this process, which is far quicker: for commands that end without a signal. */
export async function seeHere(
  folder: string,
  argv: readonly string[],
): Promise<{ readonly exitCode: number; readonly out: string; readonly error: string }> {
  const before = process.cwd()
  process.chdir(folder)
  let [out, error] = ['', '']
  try {
    const exitCode = await main(argv, {
      out: { write: (text) => void (out += text) },
      error: { write: (text) => void (error += text) },
    })
    return { exitCode, out, error }
  } finally {
    process.chdir(before)
  }
}

/** Writes `resources.json` of an embedded guest whose run folder is made in `folder`. */
export function writeEmbeddedResources(folder: string): string {
  const guest = embeddedGuest({ disk: { clone: { storage_pool_path: join(folder, 'instances') } } })
  writeFileSync(join(folder, 'resources.json'), JSON.stringify({ hypervisor: 'embedded:///', ...guest }))
  return 'resources.json'
}
