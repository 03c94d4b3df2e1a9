import { chmod, mkdir, readdir, realpath } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { requireTool, sampleBounds, SeeError } from '@see/core'
import { runConfined } from '@see/hooks'
import { type ArchiveFormat, unpackTools } from './unpack-tools.ts'

const TIMEOUT_MS = 120_000
const MEMORY_BYTES = 2 * 1024 * 1024 * 1024

const TAR = 'tar -xf "$1" --no-same-owner --no-same-permissions'
const SEVEN_ZIP = '7z x -y -bd -bso0 -bsp0 -p"$2" -o. -- "$1"'
const RAR_MISSING =
  'the 7z of this host does not decompress RAR (on Debian install p7zip-rar, or 7zip-rar, from its section non-free)'
// What is compressed is an archive or one file, and only its content says which.
const COMPRESSED = `if [ -n "$(tar -tf "$1" 2>/dev/null | head -c 1)" ]; then ${TAR}; else "$4" -dc <"$1" >"$3"; fi`

/** Counts what a sample may not be: links, devices, pipes. */
const COUNT_SPECIAL = `find . ! -type f ! -type d -printf x | wc -c`

export interface Unpack {
  readonly format: ArchiveFormat
  readonly password: string
  readonly signal: AbortSignal
}

/**
 * Unpacks an archive into a new folder, confined: without a network, seeing nothing else of this host, bounded in files, bytes
 * and time. Only files and folders are left of what was in it.
 * @returns how many links and special files were left out
 * @throws SeeError `SAMPLE_UNSUITABLE` with what the program said or which bound was reached, or what `runConfined` throws
 */
export async function unpackArchive(
  archive: string,
  folder: string,
  { format, password, signal }: Unpack,
): Promise<number> {
  const [program, debianPackage] = unpackTools[format]
  await requireTool(program, debianPackage)
  await mkdir(folder, { mode: 0o700 })
  const path = await realpath(archive)
  const script = `(${scriptFor(format)}) >&2 || exit; ${COUNT_SPECIAL}`
  const result = await runConfined(
    ['/bin/sh', '-c', script, 'unpack', path, password, plainName(archive), program],
    {
      readable: [path],
      writable: folder,
      timeoutMs: TIMEOUT_MS,
      memoryBytes: MEMORY_BYTES,
      outputBytes: sampleBounds.bytes,
      stdoutBytes: 1000,
      signal,
    },
  )
  if (result.exceeded !== null) throw refused(format, `unpacking it exceeds its bound of ${result.exceeded}`)
  if (result.exitCode !== 0) {
    throw refused(format, adviceOf(format, result.stderr.subarray(0, 2000).toString().trim()))
  }
  await makeExecutable(folder)
  return Number(result.stdout.toString())
}

function scriptFor(format: ArchiveFormat): string {
  if (unpackTools[format][0] === '7z') return SEVEN_ZIP
  return format === 'tar' ? TAR : COMPRESSED
}

function adviceOf(format: ArchiveFormat, said: string): string {
  const quoted = `it could not be unpacked: ${JSON.stringify(said.slice(0, 500))}`
  if (format === 'rar' && /unsupported method/i.test(said)) return `${RAR_MISSING}: ${quoted}`
  return /wrong password/i.test(said) ? `the password is another one (--password): ${quoted}` : quoted
}

function refused(format: ArchiveFormat, why: string): SeeError {
  return new SeeError(
    'SAMPLE_UNSUITABLE',
    `the sample is ${format === 'iso' ? 'an image of a disc' : `a ${format} archive`}, and ${why}; unpack it yourself, or bring it into the guest as it is (--no-unpack)`,
  )
}

/** An archive's name without the last extension, as one word. */
function plainName(archive: string): string {
  const name = basename(archive, extname(archive)).replaceAll(/[^\w.-]/g, '_')
  return /^[\w]/.test(name) ? name : 'content'
}

/** Nothing executes it here; in the guest any file of it may be what is run. */
async function makeExecutable(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await makeExecutable(path)
    else await chmod(path, 0o755)
  }
}
