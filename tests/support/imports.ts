import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import ts from 'typescript'
import { root } from './documents.ts'

/** An import, or export from, of one of our sources; types count. */
export interface Import {
  /** The package's folder in `packages`. */
  readonly package: string
  /** Relative to the package's `src`. */
  readonly file: string
  /** Likewise, or the name of another package. */
  readonly imported: string
}

const SOURCE = /^packages\/(?<name>[^/]+)\/src\/(?<file>.+\.ts)$/
/** What tests use is no part of the house. */
const OF_TESTS = /\.test\.ts$|(?:^|\/)(?:testing|test-servers)\//

/** A source of a package. */
interface Source {
  readonly package: string
  /** Relative to the package's `src`. */
  readonly file: string
  readonly text: string
}

/** Every source of the packages, tests and what they use left out. */
export function sourcesOfPackages(): Source[] {
  const files = execFileSync('git', ['ls-files', 'packages'], { cwd: root, encoding: 'utf8' }).split('\n')
  return files.flatMap((path) => {
    const { name, file } = SOURCE.exec(path)?.groups ?? {}
    if (name === undefined || file === undefined || OF_TESTS.test(file)) return []
    return [{ package: name, file, text: readFileSync(join(root, path), 'utf8') }]
  })
}

/** Every import of these sources. */
export function importsOf(sources: readonly Source[]): Import[] {
  return sources.flatMap(({ package: name, file, text }) =>
    importsIn(text).map((imported) => ({
      package: name,
      file,
      imported: imported.startsWith('.') ? posix.join(posix.dirname(file), imported) : imported,
    })),
  )
}

/** The modules that a source names, by TypeScript's own scanner. */
function importsIn(text: string): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName)
}

/** Circles of files that import one another, each from its first file back to it. */
export function circlesIn(imports: readonly Pick<Import, 'file' | 'imported'>[]): string[][] {
  const imported = new Map<string, string[]>()
  for (const { file, imported: other } of imports) imported.set(file, [...(imported.get(file) ?? []), other])
  const circles: string[][] = []
  const done = new Set<string>()
  const follow = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file)
    if (start !== -1) circles.push([...path.slice(start), file])
    if (start !== -1 || done.has(file)) return
    for (const other of imported.get(file) ?? []) follow(other, [...path, file])
    done.add(file)
  }
  for (const file of imported.keys()) follow(file, [])
  return circles
}
