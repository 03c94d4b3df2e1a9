import { z } from 'zod'

/** Version of the folder's layout; another one is not read. */
const GUEST_VERSION = 1

const names = z.array(z.string().min(1).max(300)).max(50_000)

/** `manifest.json` of a guest with chosen packages, as `guest/with-packages.sh` writes it. */
export const guestManifest = z.strictObject({
  version: z.literal(GUEST_VERSION),
  created: z.iso.datetime(),
  /** The packages that were asked for, in order of their names. */
  asked: names,
  /** All packages in it, as `name=version`. */
  packages: names,
  disk_mib: z.int().positive(),
  /** The programs in its PATH. */
  programs: names,
  /** The libraries that its loader finds. */
  libraries: names,
})

export type GuestManifest = z.output<typeof guestManifest>
