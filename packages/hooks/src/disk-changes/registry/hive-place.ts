import { textOf } from '../files/listed-file.ts'
import type { HivePlace } from './registry-changes.ts'

const CONFIG =
  /^\/windows\/system32\/config\/(sam|security|software|system|default|components|drivers|elam|bbi)$/i
const ACCOUNT = /^\/windows\/(?:system32\/config|serviceprofiles)\/([^/]+)\/ntuser\.dat$/i
const USER = /^\/(?:users|documents and settings)\/([^/]+)\/(?:ntuser\.dat|(.*\/)?usrclass\.dat)$/i
const BOOT = /^\/(?:efi\/microsoft\/)?boot\/bcd$/i
const LOG = /\.log[12]?$/i

/** Where a file is a hive of the registry of Windows, the key that it is; the path as it was listed. */
export function hivePlaceOf(path: string, partition: string): HivePlace | undefined {
  const hive = `${partition}${textOf(path)}`
  const machine = CONFIG.exec(path)?.[1]?.toUpperCase()
  if (machine !== undefined) {
    return { hive, root: machine === 'DEFAULT' ? 'HKEY_USERS\\.DEFAULT' : `HKEY_LOCAL_MACHINE\\${machine}` }
  }
  if (BOOT.test(path)) return { hive, root: 'HKEY_LOCAL_MACHINE\\BCD00000000' }
  const user = USER.exec(path)?.[1] ?? ACCOUNT.exec(path)?.[1]
  if (user === undefined) return undefined
  const isClasses = path.toLowerCase().endsWith('usrclass.dat')
  return { hive, root: `HKEY_USERS\\${textOf(user)}${isClasses ? '_Classes' : ''}` }
}

/** A hive that Windows loads where a program says: its own file stands for its root. */
export function otherHive(path: string, partition: string): HivePlace {
  const hive = `${partition}${textOf(path)}`
  return { hive, root: hive }
}

/** The path of the hive that a file is the log of, if its name is that of a log. */
export function hiveOfLog(path: string): string | undefined {
  return LOG.test(path) ? path.replace(LOG, '') : undefined
}
