/** Which of the tiny guest's resources files is taken where none is given. */
export const guestProviders = { embedded: 'embedded.json', libvirt: 'resources.json' } as const

export type GuestProvider = keyof typeof guestProviders
