// Names of this host's interfaces, which have at most 15 characters.

/** The bridge of an environment's own network. */
export function bridgeNameOf(identifier: string): string {
  return `virbr-${identifier.slice(0, 8)}`
}

/** Whether it is a name that {@link bridgeNameOf} gives. */
export function isBridgeName(name: string): boolean {
  return /^virbr-[0-9a-f]{8}$/.test(name)
}

/** The host's side of a guest's interface, where SEE names it; the first has index 0. */
export function deviceNameOf(identifier: string, index = 0): string {
  return `see-${identifier.slice(0, 8)}${index === 0 ? '' : `-${index + 1}`}`
}

/** Whether it is a name that SEE gives to such a device, of a guest of its own network or of a shared one. */
export function isDeviceName(name: string): boolean {
  return /^see-[0-9a-f]{6,8}(-[0-9a-f]{1,3})?$/.test(name)
}
