import type { FilesystemReport } from '../disk-changes/filesystem-report.ts'
import type { TrueFile } from './disk-truth.ts'

/** What a report has to say of two walks: of each path what has happened to it, and what it is afterwards. */
export function truthOf(
  before: ReadonlyMap<string, TrueFile>,
  after: ReadonlyMap<string, TrueFile>,
): Map<string, string> {
  return differencesOfWalks(before, after, differencesOf)
}

/** What differs between two walks, by path: `created`, `deleted`, or what `compare` names. */
export function differencesOfWalks<File>(
  before: ReadonlyMap<string, File>,
  after: ReadonlyMap<string, File>,
  compare: (was: File, is: File) => readonly string[],
): Map<string, string> {
  const truth = new Map<string, string>()
  for (const [path, file] of after) {
    const former = before.get(path)
    const differences = former === undefined ? ['created'] : compare(former, file)
    if (differences.length > 0) truth.set(path, differences.join(' '))
  }
  for (const path of before.keys()) if (!after.has(path)) truth.set(path, 'deleted')
  return truth
}

function differencesOf(was: TrueFile, is: TrueFile): string[] {
  const isFolder = is.kind === 'directory'
  return [
    ...(was.kind === is.kind ? [] : ['kind']),
    ...(was.mode === is.mode ? [] : ['permissions']),
    ...(was.owner === is.owner ? [] : ['owner']),
    ...(was.target === is.target ? [] : ['target']),
    ...(was.device === is.device ? [] : ['device']),
    ...(was.attributes === is.attributes ? [] : ['attributes']),
    ...(was.flags === is.flags ? [] : ['flags']),
    ...(isFolder || was.size === is.size ? [] : ['size']),
    ...(was.sha1 === is.sha1 ? [] : ['content']),
    ...(isFolder || was.mtime === is.mtime ? [] : ['mtime']),
  ]
}

/** What a report says, in the words of `truthOf`. */
export function toldBy({
  created_files,
  modified_files,
  deleted_files,
}: FilesystemReport): Map<string, string> {
  return new Map([
    ...created_files.map(({ path }) => [path, 'created'] as const),
    ...deleted_files.map(({ path }) => [path, 'deleted'] as const),
    ...modified_files.map(({ path, changes }) => [path, changes.join(' ')] as const),
  ])
}

/** The Sleuth Kit has another character for those that control terminals. */
export function asTskLists(name: string): string {
  return name.replaceAll('\n', '^')
}
