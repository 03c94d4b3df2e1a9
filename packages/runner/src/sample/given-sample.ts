import { basename, join, resolve } from 'node:path'
import {
  assertRunnable,
  copySample,
  describeSample,
  entryPath,
  recogniseSample,
  sampleFiles,
  type SampleKind,
  SeeError,
  type TemporaryFolder,
  temporaryFolder,
} from '@see/core'
import type { GuestContents } from './guest-contents.ts'
import { assertGuestRuns } from './guest-runs.ts'
import { programsIn, severalFiles } from './programs-in.ts'
import type { SampleReport } from './sample-report.ts'
import { keepStandardInput } from './standard-input.ts'
import { unpackArchive } from './unpack-archive.ts'

/** Archives in archives; deeper ones are meant to exhaust the host. */
const MOST_UNPACKED = 3
const ALL = '.'

interface Options {
  readonly command?: string | undefined
  /** What the sample is started with. */
  readonly words: readonly string[]
  readonly entry?: string | undefined
  readonly unpack: boolean
  readonly password?: string
  /** The contents of a guest that SEE built; undefined where nothing is known of it before it runs. */
  readonly guest: GuestContents | undefined
  readonly signal: AbortSignal
  readonly progress: (message: string) => void
}

/** The sample of a run, as a protocol gets it. What was unpacked for it is gone when it is disposed of. */
export interface GivenSample extends AsyncDisposable {
  readonly parameters: {
    readonly sample: string
    readonly entry?: string
    readonly sha256?: string
    readonly arguments?: readonly string[]
  }
  readonly report: SampleReport
}

/**
 * Recognises what was given as the sample, unpacks an archive and finds which file of it is run.
 * @throws SeeError `FILE_UNREADABLE`, or `SAMPLE_UNSUITABLE` for what cannot be run and has no command; or what
 * unpacking throws
 */
export async function givenSample(given: string, options: Options): Promise<GivenSample> {
  assertNoAddress(given)
  let folder: TemporaryFolder | undefined
  const temporary = async () => (folder ??= await temporaryFolder('see-sample-')).path
  const remove = async () => await folder?.[Symbol.asyncDispose]()
  try {
    const sample = await find(given, temporary, options)
    return { ...sample, [Symbol.asyncDispose]: remove }
  } catch (error) {
    await remove()
    throw error
  }
}

async function find(
  given: string,
  temporary: () => Promise<string>,
  options: Options,
): Promise<Omit<GivenSample, keyof AsyncDisposable>> {
  const { words, guest, signal, progress } = options
  const isInput = given === '-'
  if (isInput) progress('reading the sample from standard input')
  const path = isInput ? await keepStandardInput(await temporary(), signal) : resolve(given)
  const isFolder = (await recogniseSample(path)).kind === 'folder'
  // What is hashed is what is recognised and unpacked, whatever becomes of the file.
  await using copy = isFolder ? undefined : await copySample(path, { signal })
  const kind = await recogniseSample(copy?.path ?? path)
  const opened = await unpacked({ path: copy?.path ?? path, kind }, temporary, options)
  const entry = await entryOf(opened, options)
  const run = entry === undefined ? opened.kind : await recogniseSample(await entryPath(opened.path, entry))
  if (options.command === undefined) {
    if (run.kind === 'folder') assertRunnable(run)
    if (guest !== undefined) {
      const beside = opened.files.map((file) => basename(file))
      await assertGuestRuns(run, beside, guest)
    }
  }
  const inside = entry ?? opened.only
  return {
    parameters: {
      sample: opened.isUnpacked ? opened.path : path,
      ...(entry === undefined ? {} : { entry }),
      ...(copy === undefined || opened.isUnpacked ? {} : { sha256: copy.sha256 }),
      ...(words.length === 0 ? {} : { arguments: words }),
    },
    report: {
      path: isInput ? given : path,
      sha256: copy?.sha256 ?? null,
      is: describeSample(kind),
      entry: inside ?? null,
      entry_is: inside === undefined ? null : describeSample(run),
      arguments: words,
      left_out: opened.leftOut,
    },
  }
}

interface Found {
  readonly path: string
  readonly kind: SampleKind
}

interface Opened extends Found {
  /** Whether it was in an archive. */
  readonly isUnpacked: boolean
  /** The name of the one file of an archive. */
  readonly only: string | undefined
  /** The files in it, if it is a folder. */
  readonly files: readonly string[]
  readonly leftOut: number
}

/** What is in an archive, a folder or its one file; anything else as it is. */
async function unpacked(
  { path, kind }: Found,
  temporary: () => Promise<string>,
  { unpack, password = '', signal, progress }: Options,
): Promise<Opened> {
  let [found, leftOut]: [Found, number] = [{ path, kind }, 0]
  let only: string | undefined
  for (let depth = 1; found.kind.kind === 'archive'; depth++) {
    if (!unpack) break
    if (depth > MOST_UNPACKED) throw unsuitableArchive('holds archives in archives in archives')
    progress(`unpacking the ${describeSample(found.kind)}`)
    const folder = join(await temporary(), `unpacked-${depth}`)
    leftOut += await unpackArchive(found.path, folder, { format: found.kind.format, password, signal })
    const [first, ...others] = await sampleFiles(folder)
    if (first === undefined) throw unsuitableArchive('holds no file')
    only = others.length > 0 ? undefined : first
    const inside = only === undefined ? folder : join(folder, only)
    found = { path: inside, kind: await recogniseSample(inside) }
  }
  const files = found.kind.kind === 'folder' ? await sampleFiles(found.path) : []
  return { ...found, isUnpacked: found.path !== path, only, files, leftOut }
}

/** Which file of a folder is the sample; undefined where it is all of it, or no folder. */
async function entryOf(
  { path, kind, isUnpacked, only, files }: Opened,
  { entry, command }: Options,
): Promise<string | undefined> {
  if (entry === ALL || (kind.kind !== 'folder' && (entry === undefined || entry === only))) return undefined
  if (entry !== undefined) {
    await entryPath(path, entry)
    return entry
  }
  if (command !== undefined && !isUnpacked) return undefined
  const programs = await programsIn(path, files)
  if (programs.length === 1) return programs[0]
  if (command !== undefined) return undefined
  throw severalFiles(files, programs)
}

function assertNoAddress(given: string): void {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(given)) return
  throw new SeeError(
    'SAMPLE_UNSUITABLE',
    `the sample ${given} is an address, and SEE fetches no samples: download it first (curl -fLo sample ADDRESS), and run the file; or have a guest whose network allows it open the address, by --command and no sample`,
  )
}

function unsuitableArchive(why: string): SeeError {
  return new SeeError(
    'SAMPLE_UNSUITABLE',
    `the sample is an archive that ${why}; unpack it yourself, or use --no-unpack`,
  )
}
