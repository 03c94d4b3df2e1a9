import { randomBytes } from 'node:crypto'
import { basename } from 'node:path'
import { SeeError } from '../common/errors.ts'
import type { SeeContext } from '../context/see-context.ts'
import { bringPacked, bringSample } from './bring-sample.ts'
import { findHostLibraries } from './find-host-libraries.ts'
import { hasKnownLoader } from './known-loader.ts'
import type { SampleCopy } from './copy-sample.ts'
import { readSampleKind } from './read-sample-kind.ts'
import { assertRunnable, runsOn, unsuitable } from './runnable.ts'
import { entryPath } from './sample-entry.ts'
import type { SampleKind } from './sample-kind.ts'

const ASK_MS = 30_000

export interface OpenOptions {
  /** The file of a folder that is run, by its path in it. */
  readonly entry?: string | undefined
  /** Is brought in place of the file, or of the entry. */
  readonly copy?: SampleCopy | undefined
  /** What the sample is started with. */
  readonly arguments?: readonly string[] | undefined
  readonly signal?: AbortSignal | undefined
}

export interface OpenedSample {
  /** Where the sample is in the guest. */
  readonly path: string
  /** What runs it there. */
  readonly argv: readonly [string, ...string[]]
}

/**
 * Brings a sample into the running guest and finds what runs it there: itself, the interpreter of its language, or, for a
 * dynamic program whose libraries the guest lacks, the loader and the libraries of this host.
 * @throws SeeError `SAMPLE_UNSUITABLE` when nothing in a Linux guest runs it, or what `bringSample` throws
 */
export async function openInGuest(
  context: SeeContext,
  sample: string,
  { entry, copy, arguments: words = [], signal }: OpenOptions = {},
): Promise<OpenedSample> {
  const kind = await kindOf(sample, { entry, copy })
  // What opens a file there is for Windows to know.
  const isWindows = await context.agent.isWindows()
  if (!isWindows) {
    assertRunnable(kind)
    await assertGuestRuns(context, kind, signal)
  }
  const path = await bringSample(context, sample, { entry, copy, signal })
  const [first, ...rest] = [...(isWindows ? [] : await opener(context, kind, path, signal)), path]
  return { path, argv: [first, ...rest, ...words] }
}

/**
 * Finds what has to stand before the path of a sample that a command of the user's starts: for a dynamic program whose
 * libraries the guest lacks, the loader and the libraries of this host, which are brought along. Nothing is refused: a
 * command may know what it does.
 * @param path where `bringSample` brought it
 */
export async function loaderInGuest(
  context: SeeContext,
  sample: string,
  path: string,
  { entry, copy, signal }: Pick<OpenOptions, 'entry' | 'copy' | 'signal'> = {},
): Promise<readonly string[]> {
  const kind = await kindOf(sample, { entry, copy })
  if (kind.kind !== 'elf' || kind.elf.type !== 'program' || (await context.agent.isWindows())) return []
  return await loaderOf(context, kind, path, signal).catch((error: unknown) => {
    if (error instanceof SeeError && error.code === 'SAMPLE_UNSUITABLE') return []
    throw error
  })
}

async function kindOf(
  sample: string,
  { entry, copy }: Pick<OpenOptions, 'entry' | 'copy'>,
): Promise<SampleKind> {
  if (copy !== undefined) return await readSampleKind(copy.path)
  return await readSampleKind(entry === undefined ? sample : await entryPath(sample, entry))
}

/** What stands before the sample's path on the command line. */
async function opener(
  context: SeeContext,
  kind: SampleKind,
  path: string,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  if (kind.kind === 'text') return ['/bin/sh']
  if (kind.kind === 'script') return kind.startsItself ? [] : [kind.interpreter]
  return kind.kind === 'elf' ? await loaderOf(context, kind, path, signal) : []
}

// A program that is missing leaves its line out.
const ASK = 'uname -m; command -v "$1"'

async function assertGuestRuns(
  context: SeeContext,
  kind: SampleKind,
  signal: AbortSignal | undefined,
): Promise<void> {
  const interpreter = kind.kind === 'script' ? kind.interpreter : '/bin/sh'
  const answer = await ask(context, ['/bin/sh', '-c', ASK, 'ask', interpreter], signal)
  const [machine = '', found = ''] = answer.split('\n')
  if (kind.kind === 'elf' && machine !== '' && !runsOn(kind.elf, machine)) {
    throw unsuitable(kind, `the guest's machine is ${JSON.stringify(machine.slice(0, 40))}`)
  }
  if (kind.kind === 'script' && found === '') throw unsuitable(kind, `the guest has no ${interpreter}`)
}

const LIST = '"$@" 2>&1 | head -c 20000'
const LACKS = /not found|no such file|cannot (open|load)|error while loading/i

/** The loader and libraries of this host, brought into the guest, where its own cannot load the program. */
async function loaderOf(
  context: SeeContext,
  kind: Extract<SampleKind, { kind: 'elf' }>,
  path: string,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const { elf } = kind
  if (elf.interpreter === null || !hasKnownLoader(elf)) return []
  // It lists what it would load, and runs nothing of it.
  const list = async (loader: readonly string[]) =>
    await ask(context, ['/bin/sh', '-c', LIST, 'list', ...loader, '--list', path], signal)
  const lacking = await list([elf.interpreter])
  if (!LACKS.test(lacking)) return []
  const { loader, paths, missing } = await findHostLibraries(elf)
  if (loader === undefined) {
    throw unsuitable(kind, `neither the guest nor this host has its loader ${elf.interpreter}`)
  }
  const folder = `/tmp/see-${randomBytes(6).toString('hex')}`
  const flat = ['--dereference', '--absolute-names', '--transform=s,^.*/,,', '--', ...paths]
  await bringPacked(context, flat, folder, signal)
  const brought = [`${folder}/${basename(loader)}`, '--library-path', folder]
  const stillLacking = await list(brought)
  if (!LACKS.test(stillLacking)) return brought
  const names = missing.length > 0 ? missing.join(', ') : JSON.stringify(stillLacking.slice(0, 300))
  throw unsuitable(kind, `neither the guest nor this host has what it is linked with: ${names}`)
}

async function ask(
  context: SeeContext,
  argv: readonly [string, ...string[]],
  signal: AbortSignal | undefined,
): Promise<string> {
  const { stdout } = await context.agent.exec(argv, {
    timeoutMs: ASK_MS,
    maxOutputBytes: 32_768,
    ...(signal === undefined ? {} : { signal }),
  })
  return stdout.toString('latin1')
}
