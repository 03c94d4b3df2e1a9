import type { ListedFile } from '../common/evidence-source.ts'
import { kindFacts, type StockKind } from '../manifest/kinds.ts'
import type { ManifestFile } from '../manifest/manifest-file.ts'
import { eventOf } from './event-of.ts'
import { type NamedFile, namedFile } from './named-file.ts'
import type { EventLine1 } from './timeline-line-1.ts'

/** What is written from one event to another, so that it was being written when SEE was killed. */
const GROWING: ReadonlySet<StockKind> = new Set([
  'timeline',
  'command_stdout',
  'command_stderr',
  'console',
  'network_trace',
  'sinkhole_requests',
])

const IMAGES: Readonly<Record<string, string>> = {
  jpg: 'image/jpeg',
  ppm: 'image/x-portable-pixmap',
  pgm: 'image/x-portable-graymap',
  bmp: 'image/bmp',
  gif: 'image/gif',
  bin: 'application/octet-stream',
}

/** What is known of a run of version 1. */
interface Run1 {
  readonly identifier: string
  readonly events: readonly EventLine1[]
  /** Whether it came to its end. */
  readonly complete: boolean
}

/** The entries of a manifest for the files of version 1; files that no stock hook wrote have none. */
export function upgradeFiles(files: readonly ListedFile[], run: Run1): ManifestFile[] {
  const paths = new Set(files.map(({ path }) => path))
  return files.flatMap((file) => {
    const named = namedFile(file.path, run.identifier)
    return named === undefined ? [] : [entryOf(file, named, { ...run, paths })]
  })
}

function entryOf(
  { path, bytes }: ListedFile,
  named: NamedFile,
  { events, complete, paths }: Run1 & { readonly paths: ReadonlySet<string> },
): ManifestFile {
  const { kind, writer, of } = named
  const event = eventOf(named, events)
  const isGrowing = !complete && GROWING.has(kind)
  return {
    kind,
    path,
    bytes: isGrowing ? null : bytes,
    sha256: null,
    media_type: mediaTypeOf(kind, path),
    event: event === undefined ? null : { name: event.name, sequence: event.sequence },
    from: event?.timestamp ?? events[0]?.timestamp ?? 0,
    to: isGrowing ? null : (event?.timestamp ?? events.at(-1)?.timestamp ?? 0),
    writer,
    state: isGrowing ? 'growing' : 'complete',
    ...(of !== undefined && paths.has(of) ? { of } : {}),
  }
}

function mediaTypeOf(kind: StockKind, path: string): string {
  const extension = path.slice(path.lastIndexOf('.') + 1)
  return (kind === 'screenshot' ? IMAGES[extension] : undefined) ?? kindFacts[kind].mediaType
}
