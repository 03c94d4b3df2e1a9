import { hasUnlistedTarget } from './content-to-read.ts'
import type { Content } from './disk-content.ts'
import type { ListedFile } from './files/listed-file.ts'
import { whySkipped } from './left-out.ts'
import type { SideContents } from './side-contents.ts'

const EMPTY_SHA1 = 'da39a3ee5e6b4b0d3255bfef95601890afd80709'

/** What is known of a file's content on one of the disks. */
export interface KnownContent {
  readonly content?: Content | undefined
  readonly sha1?: string | undefined
  /** Target of a link that is listed without one. */
  readonly target?: string
  /** Why the content was not read. */
  readonly skipped?: string
}

interface KnowOptions {
  /** Size of a file, in bytes, beyond which its content is not read. */
  readonly sizeLimit: number
  /** The SHA-1 of a file that is too large, where the comparison of the disks has it. */
  readonly hashOf: (file: ListedFile) => string | undefined
}

/** Finds what was read of a file, or why nothing was. */
export function knownContent(
  file: ListedFile | undefined,
  { byFile, targets, unread }: SideContents,
  { sizeLimit, hashOf }: KnowOptions,
): KnownContent {
  if (file !== undefined && hasUnlistedTarget(file)) {
    const target = targets.get(file)
    return target === undefined ? { skipped: unread } : { target }
  }
  if (file?.kind !== 'file') return {}
  if (file.size === 0) return { sha1: EMPTY_SHA1 }
  if (file.size > sizeLimit) return { sha1: hashOf(file), skipped: whySkipped.tooLarge }
  const content = byFile.get(file)
  return content === undefined ? { skipped: unread } : { content, sha1: content.sha1 }
}
