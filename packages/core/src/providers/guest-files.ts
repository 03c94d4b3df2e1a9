/**
 * The resources file that each built guest has for a provider, by the name that `see run --provider` has for it. The
 * providers' own values name theirs from here. It imports nothing, since the command line reads it for its help.
 */
export const guestFiles = { embedded: 'embedded.json', libvirt: 'resources.json' } as const

export type GuestFile = keyof typeof guestFiles
