import { characterDevices } from './character-devices.ts'
import { displays } from './displays.ts'
import type { DomainPart } from './domain-part.ts'
import { disks } from './guests-disk.ts'
import { interfaces } from './guests-interface.ts'
import { hostDevices } from './host-devices.ts'
import { identity } from './identity.ts'
import { keptState } from './kept-state.ts'
import { memoryAndFolders } from './memory-and-folders.ts'

export type { DomainPart }

/** What happens to each part of a domain's XML that is more than the guest's hardware. */
export const domainParts: readonly DomainPart[] = [
  ...identity,
  ...disks,
  ...interfaces,
  ...characterDevices,
  ...displays,
  ...keptState,
  ...memoryAndFolders,
  ...hostDevices,
]

/** How messages and the documentation name it, in Markdown. */
export function nameOfPart({ path, which }: DomainPart): string {
  const name = path
    .filter((step) => step !== 'devices')
    .map((step) => `<${step}>`)
    .join('')
  return which === undefined ? `\`${name}\`` : `\`${name}\` ${which}`
}
