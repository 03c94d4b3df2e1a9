import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { childEnvironment, SeeError } from '@see/core'
import { type GuestProvider, guestProviders } from './guest-providers.ts'

/** In a clone of SEE, which is what has it. */
const BUILDER = fileURLToPath(new URL('../../../../guest/build.sh', import.meta.url))
const OUTPUT_CHARACTERS = 4096
/** Where the builder keeps guests, and how apt reaches the archive. */
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

/** Finds the folder of the tiny guest, which is built when it is not there. */
export type TinyGuest = (options: GuestOptions) => Promise<string>

/** @throws SeeError `TOOL_MISSING` or `IMAGE_UNAVAILABLE`, or the signal's reason */
export async function buildTinyGuest(
  { signal, progress }: GuestOptions,
  builder: string = BUILDER,
): Promise<string> {
  if (!existsSync(builder)) {
    throw new SeeError(
      'TOOL_MISSING',
      `the tiny guest cannot be built: there is no ${builder}; run see in a clone of SEE, or name a resources file`,
    )
  }
  signal.throwIfAborted()
  // In a process group of its own, so that what it started ends with it.
  const child = spawn('bash', [builder], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: childEnvironment(VARIABLES),
  })
  const stop = () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM')
  }
  signal.addEventListener('abort', stop, { once: true })
  let [out, error] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (out = keep(out + text)))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    error = keep(error + text)
    for (const line of text.split('\n')) if (line.startsWith('guest: ')) progress(`tiny ${line}`)
  })
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  signal.removeEventListener('abort', stop)
  signal.throwIfAborted()
  if (exitCode === 0) return out.trim()
  throw new SeeError('IMAGE_UNAVAILABLE', `the tiny guest could not be built: ${error.trim()}`)
}

/** The resources file of the tiny guest for a provider. */
export function guestResources(folder: string, provider: GuestProvider): string {
  return join(folder, guestProviders[provider])
}

function keep(text: string): string {
  return text.slice(-OUTPUT_CHARACTERS)
}
