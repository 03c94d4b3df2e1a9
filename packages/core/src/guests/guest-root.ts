import { resolve } from 'node:path'

/** The folder in which `guest/build.sh` and `guest/with-packages.sh` keep the guests that this user built. */
export function guestRoot(): string {
  const { SEE_GUEST_CACHE: own } = process.env
  if (own !== undefined && own !== '') return resolve(own)
  const uid = process.getuid?.() ?? 0
  return uid === 0 ? '/var/cache/see/guest' : `/var/tmp/see-${uid}/guest`
}
