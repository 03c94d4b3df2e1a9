import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import {
  childEnvironment,
  guestRoot,
  makeFolder,
  SeeError,
  type TemporaryFolder,
  temporaryFolder,
} from '@see/core'

const OUTPUT_CHARACTERS = 4096
const FAILURE = 'guest: error: '
const SHOWN_LINES = 3
/** The builder's exit code when what was asked for cannot be built. */
const REFUSED = 2
/** Where the builders keep guests, and how apt reaches the archive. */
const VARIABLES = [
  'SEE_GUEST_CACHE',
  'APT_CONFIG',
  ...['http_proxy', 'https_proxy', 'ftp_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => [
    name,
    name.toUpperCase(),
  ]),
]

export interface GuestOptions {
  readonly signal: AbortSignal
  readonly progress: (message: string) => void
}

export interface GuestBuilder {
  /** Path of the script. */
  readonly script: string
  readonly words?: readonly string[]
  /** What it builds, for messages. */
  readonly what: string
}

/**
 * Runs a script of the folder `guest`, which prints the folder of the guest that it built.
 * @throws SeeError `TOOL_MISSING`, `IMAGE_UNAVAILABLE`, `CONFIGURATION_INVALID` for what cannot be built as it was asked for, or
 * the signal's reason
 */
export async function runGuestBuilder(
  { script, words = [], what }: GuestBuilder,
  { signal, progress }: GuestOptions,
): Promise<string> {
  if (!existsSync(script)) {
    throw new SeeError(
      'TOOL_MISSING',
      `${what} cannot be built: there is no ${script}; run see in a clone of SEE, or name a resources file`,
    )
  }
  signal.throwIfAborted()
  await using work = await workFolder()
  // In a process group of its own, so that what it started ends with it.
  const child = spawn('bash', [script, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...childEnvironment(VARIABLES), ...(work === undefined ? {} : { SEE_GUEST_WORK: work.path }) },
  })
  const stop = () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM')
  }
  signal.addEventListener('abort', stop, { once: true })
  let [out, error] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (out = keep(out + text)))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    error = keep(error + text)
    for (const line of text.split('\n')) {
      const [, step] = line.match(/^guest: (?!error: | )(.*)/) ?? []
      if (step !== undefined) progress(`${what}: ${step}`)
    }
  })
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  signal.removeEventListener('abort', stop)
  signal.throwIfAborted()
  if (exitCode === 0) return out.trim()
  const { why, before } = reasonOf(error)
  if (exitCode === REFUSED) throw new SeeError('CONFIGURATION_INVALID', `${what} cannot be built: ${why}`)
  throw new SeeError('IMAGE_UNAVAILABLE', `${what} could not be built: ${[why, ...before].join('\n')}`)
}

/**
 * Where the builder keeps what is half-made, beside the guests; it is on record, so that it does not stay when both are
 * killed. Undefined where there can be none: then the next build removes what is an hour old.
 */
async function workFolder(): Promise<TemporaryFolder | undefined> {
  try {
    await makeFolder(guestRoot(), 0o755)
    return await temporaryFolder('.work-', guestRoot())
  } catch {
    return undefined
  }
}

/** Why a builder says that it ended, and the last lines that its programs wrote before. */
function reasonOf(error: string): { why: string; before: string[] } {
  const at = error.lastIndexOf(FAILURE)
  if (at < 0) return { why: error.trim(), before: [] }
  const why = error
    .slice(at + FAILURE.length)
    .trim()
    .replaceAll(/^guest:\s+/gm, '')
  const others = error.slice(0, at).split('\n')
  const before = others
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('guest: '))
  return { why, before: before.slice(-SHOWN_LINES) }
}

function keep(text: string): string {
  return text.slice(-OUTPUT_CHARACTERS)
}
