import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type BuiltGuest, GuestStore, printableJson, printableLine } from '@see/core'
import { Interruption } from '@see/runner/interruption'
import { guestFiles } from '@see/core/guest-files'

const MIB = 1024 * 1024
const NAMELESS = '(no name)'

/** What `see guest ls` prints. */
export async function list(json: boolean): Promise<string> {
  const store = new GuestStore()
  const guests = await store.list()
  if (json) {
    const reported = await Promise.all(guests.map(reportedGuest))
    return `${printableJson({ folder: store.root, guests: reported }, 2)}\n`
  }
  if (guests.length === 0) {
    return `There is no guest in ${printableLine(store.root)}/; npx see guest build --packages python3 makes one\n`
  }
  return `${(await Promise.all(guests.map(lineOf))).map(printableLine).join('\n')}\n`
}

/** Carries out `see guest rm`. */
export async function remove(names: readonly string[]): Promise<void> {
  using interruption = new Interruption(() => undefined)
  await new GuestStore().remove(names, interruption.signal)
}

/** What is said of a guest in JSON. */
export async function reportedGuest(guest: BuiltGuest) {
  const { names, key, folder, manifest } = guest
  const { asked, packages, created, disk_mib } = manifest
  return {
    names,
    key,
    folder,
    resources: {
      embedded: join(folder, guestFiles.embedded),
      libvirt: join(folder, guestFiles.libvirt),
    },
    asked,
    packages,
    created,
    disk_mib,
    bytes: await bytesOf(guest),
  }
}

async function lineOf(guest: BuiltGuest): Promise<string> {
  const { names, key, manifest } = guest
  const name = names.length === 0 ? `${key} ${NAMELESS}` : names.join(', ')
  const size = `${Math.ceil((await bytesOf(guest)) / MIB)} MiB`
  return `${name}: ${manifest.asked.join(', ')}; ${size}, built ${manifest.created}`
}

async function bytesOf({ disk }: BuiltGuest): Promise<number> {
  return (await stat(disk)).size
}
