import type { ImageLayer } from '@see/core'
import type { Evidence } from '../analysis/processing.ts'
import { type NamedDisk, savedDisk } from '../disk/save-disk.ts'

/** Two states of one disk, which are compared. */
export interface Subject {
  readonly disk: NamedDisk
  readonly before: ImageLayer
  readonly after: ImageLayer
  /** Null for the disk as it is now. */
  readonly checkpoint: string | null
  /** The disk before is that of a guest which went on. */
  readonly wasRunning: boolean
}

/** One checkpoint is compared with the guest's image, the last of several with the first of them. */
export async function subjectOf(
  disk: NamedDisk,
  [first, ...others]: readonly [string, ...string[]],
): Promise<Subject> {
  const checkpoint = others.at(-1) ?? first
  const after = await savedDisk(checkpoint, disk)
  if (others.length === 0) return { disk, before: disk.image, after, checkpoint, wasRunning: false }
  return { disk, before: await savedDisk(first, disk), after, checkpoint, wasRunning: true }
}

/** A copy of the disk as it is now is compared with the guest's image. */
export async function subjectNow(disk: NamedDisk, copy: string): Promise<Subject> {
  const after = await savedDisk(copy, disk)
  return { disk, before: disk.image, after, checkpoint: null, wasRunning: false }
}

/** The checkpoints of a disk, oldest first. */
export function checkpointsOf({ target }: NamedDisk, evidence: readonly Evidence[]): string[] {
  if (target === undefined) return evidence.map(({ path }) => path)
  return evidence.flatMap(({ otherDisks = [] }) =>
    otherDisks.filter(({ disk }) => disk === target).map(({ path }) => path),
  )
}
