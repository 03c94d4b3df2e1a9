/** Something on a disk that may hold a file system, as the helper guest found it. */
export interface HelperVolume {
  /** What the guest calls it; null where it could not be assembled. */
  readonly device: string | null
  readonly place: 'disk' | 'partition' | 'lvm' | 'md'
  /** For LVM `group/volume`, for md the array's own name, for a partition its number. */
  readonly name: string
  /** The sector, of 512 bytes, at which it begins on the disk; 0 where it has no one place there. */
  readonly start: number
  readonly sectors: number
  /** Debian's `blkid` has named it; null when it knows nothing of it. */
  readonly type: string | null
  /** Why it cannot be read, where that is known. */
  readonly problem: string | null
}

const PLACES = ['disk', 'partition', 'lvm', 'md'] as const
const LINE =
  /^(-|\/dev\/[\w-]+)\t(\w+)\t([^\t]{0,300})\t(\d{1,15})\t(\d{1,15})\t([\w-]{1,40})\t([^\t]{0,200})$/

/**
 * Reads what the helper guest says of a volume.
 * @throws Error when it is nothing of the kind
 */
export function parseVolume(payload: Buffer): HelperVolume {
  const line = payload.toString('latin1')
  const [, device = '', where = '', name = '', start, sectors, type = '', problem = ''] =
    LINE.exec(line) ?? []
  const place = PLACES.find((each) => each === where)
  if (place === undefined)
    throw new Error(`the helper guest made up a volume: ${JSON.stringify(line.slice(0, 200))}`)
  return {
    device: device === '-' ? null : device,
    place,
    name,
    start: Number(start),
    sectors: Number(sectors),
    type: type === '-' ? null : type,
    problem: problem === '' ? null : problem,
  }
}
