import type { FileChange } from './files/compare-listings.ts'
import { type ListedFile, textOf } from './files/listed-file.ts'
import type { DiskRegion } from './sleuth-kit/disk-regions.ts'

/** Paths of changed files as the report has them: behind the name of their partition, such as `p2:/etc/passwd`. */
export class ChangedPaths {
  /** By the sector at which a region begins. */
  readonly #prefixes: ReadonlyMap<number, string>

  constructor(regions: readonly DiskRegion[]) {
    this.#prefixes = new Map(regions.map(({ start, prefix }) => [start, prefix]))
  }

  of({ start, before, after }: FileChange): string {
    const file = after ?? before
    return file === undefined ? '' : this.ofFile(start, file)
  }

  /** @param start the sector at which the file's file system begins */
  ofFile(start: number, { path }: ListedFile): string {
    return `${this.#prefixes.get(start) ?? ''}${textOf(path)}`
  }
}
