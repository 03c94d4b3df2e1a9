import { randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { extname, posix } from 'node:path'
import { messageOf, SeeError } from '../common/errors.ts'
import type { SeeContext } from '../context/see-context.ts'
import { bringFile } from './bring-file.ts'
import type { SampleCopy } from './copy-sample.ts'
import { pack } from './pack.ts'
import { runInGuest } from './run-in-guest.ts'
import { entryPath } from './sample-entry.ts'

export interface InjectOptions {
  /** The file of a folder that is the sample, by its path in it. */
  readonly entry?: string | undefined
  /** Is brought in place of the file, or of the entry. */
  readonly copy?: SampleCopy | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Brings a file or a folder into the running guest and makes it executable: through the guest agent when it is small, else
 * on a read-only disk that is plugged in and unplugged again. A Windows guest gets it through the agent whatever its size,
 * and gets no folders.
 * @param path of a file or folder on this host
 * @returns where it, or its entry, is in the guest: a path of ours, of which a file's name decides only the extension
 * @throws SeeError `FILE_UNREADABLE`, `SAMPLE_UNSUITABLE` or `SAMPLE_INJECTION`, or what the agent's methods throw
 */
export async function bringSample(
  context: SeeContext,
  path: string,
  { entry, copy, signal }: InjectOptions = {},
): Promise<string> {
  const isFolder = await isSampleFolder(path)
  signal?.throwIfAborted()
  const name = `see-${randomBytes(6).toString('hex')}`
  if (await context.agent.isWindows()) {
    if (isFolder) {
      throw new SeeError('SAMPLE_UNSUITABLE', `the folder ${path} cannot be brought into a Windows guest`)
    }
    const target = `C:\\Windows\\Temp\\${name}${extensionOf(path)}`
    await bringFile(context, copy?.path ?? path, target, signal)
    return target
  }
  if (isFolder) return await injectFolder(context, path, `/tmp/${name}`, { entry, copy, signal })
  const target = `/tmp/${name}${extensionOf(path)}`
  await bringFile(context, copy?.path ?? path, target, signal)
  await runInGuest(context, ['chmod', '0755', target], signal)
  return target
}

async function injectFolder(
  context: SeeContext,
  path: string,
  target: string,
  { entry, copy, signal }: InjectOptions,
): Promise<string> {
  if (entry !== undefined) await entryPath(path, entry)
  await bringPacked(context, folderWith(path, entry, copy), target, signal)
  if (entry === undefined) return target
  const program = posix.join(target, entry)
  await runInGuest(context, ['chmod', 'a+rx', '--', program], signal)
  return program
}

/** What tar packs of a folder: all of it, but the copy of the entry in its place where there is one. */
function folderWith(path: string, entry: string | undefined, copy: SampleCopy | undefined): string[] {
  const all = ['-C', path, '.']
  if (entry === undefined || copy === undefined) return all
  const name = posix.normalize(entry)
  // Only the folder's own names begin with a dot.
  const except = ['--anchored', '--no-wildcards', `--exclude=./${name}`]
  return [...except, ...all, '-C', copy.folder, `--add-file=${name}`]
}

/** Brings what `tar` packs into a new folder of the guest. */
export async function bringPacked(
  context: SeeContext,
  what: readonly string[],
  target: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await using packed = await pack(what, signal)
  const archive = `${target}.tar`
  await bringFile(context, packed.path, archive, signal)
  const unpack = 'mkdir "$1" && tar -xf "$2" -C "$1"; status=$?; rm -f "$2"; exit $status'
  await runInGuest(context, ['/bin/sh', '-c', unpack, 'unpack', target, archive], signal)
}

async function isSampleFolder(path: string): Promise<boolean> {
  const information = await stat(path).catch((error: unknown) => {
    throw new SeeError('FILE_UNREADABLE', `cannot read the sample ${path}: ${messageOf(error)}`, {
      cause: error,
    })
  })
  if (information.isFile() || information.isDirectory()) return information.isDirectory()
  throw new SeeError('FILE_UNREADABLE', `the sample ${path} is not a regular file or a folder`)
}

/** The extension decides what some systems do with a file, so it is kept when it is a plain one. */
function extensionOf(path: string): string {
  const extension = extname(path)
  return /^\.[A-Za-z0-9]{1,16}$/.test(extension) ? extension : ''
}
