import { QUIET } from '../layout/file-system-state.ts'
import type { ComparedRegion } from '../sleuth-kit/compare-disks.ts'
import type { DiskRegion, RegionSide } from '../sleuth-kit/disk-regions.ts'
import type { HelperVolume } from './helper-volume.ts'

/** The regions of volumes of LVM and md on either disk, which have no place of their own on it. */
export function volumeRegions(
  before: readonly HelperVolume[],
  after: readonly HelperVolume[],
): ComparedRegion[] {
  const names = new Set([...before, ...after].filter(isAssembled).map(nameOf))
  const sideIn = (volumes: readonly HelperVolume[], name: string): RegionSide | undefined => {
    const volume = volumes.find((each) => isAssembled(each) && nameOf(each) === name)
    return volume === undefined ? undefined : sideOf(volume)
  }
  return [...names].toSorted().map((name, index) => ({
    name,
    prefix: `${name}:`,
    start: -1 - index,
    before: sideIn(before, name),
    after: sideIn(after, name),
    isSame: false,
    cut: 0,
  }))
}

function isAssembled({ place }: HelperVolume): boolean {
  return place === 'lvm' || place === 'md'
}

/** With a slash in it, no partition has such a name. */
function nameOf({ place, name }: HelperVolume): string {
  return place === 'md' ? `md/${name}` : name
}

/** Whether the kernel found the volume where the region is. */
export function isVolumeOf({ name, start }: DiskRegion, volume: HelperVolume): boolean {
  if (start < 0) return isAssembled(volume) && nameOf(volume) === name
  return volume.place === (start === 0 ? 'disk' : 'partition') && volume.start === start
}

function sideOf({ type, sectors }: HelperVolume): RegionSide {
  return { type, sectors, readBy: null, files: [], state: QUIET, partitionType: null }
}
