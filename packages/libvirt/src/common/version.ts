/** A version of libvirt or of a hypervisor. */
export interface Version {
  readonly major: number
  readonly minor: number
  readonly release: number
}

/** libvirt packs a version as major * 1,000,000 + minor * 1000 + release. */
export function versionOf(packed: bigint): Version {
  const number = Number(packed)
  return {
    major: Math.floor(number / 1_000_000),
    minor: Math.floor(number / 1000) % 1000,
    release: number % 1000,
  }
}
