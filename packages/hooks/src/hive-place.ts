import type { HivePlace } from './registry-changes.ts'
import { textOf } from './listed-file.ts'

const CONFIG = /^\/windows\/system32\/config\/(sam|security|software|system|default)$/i
const USER = /^\/(?:users|documents and settings)\/([^/]+)\/(?:ntuser\.dat|(.*\/)?usrclass\.dat)$/i

/** Where a file is a hive of the registry of Windows, the key that it is; the path as it was listed. */
export function hivePlaceOf(path: string, partition: string): HivePlace | undefined {
  const hive = `${partition}${textOf(path)}`
  const machine = CONFIG.exec(path)?.[1]?.toUpperCase()
  if (machine !== undefined) {
    return { hive, root: machine === 'DEFAULT' ? 'HKEY_USERS\\.DEFAULT' : `HKEY_LOCAL_MACHINE\\${machine}` }
  }
  const user = USER.exec(path)?.[1]
  if (user === undefined) return undefined
  const isClasses = path.toLowerCase().endsWith('usrclass.dat')
  return { hive, root: `HKEY_USERS\\${textOf(user)}${isClasses ? '_Classes' : ''}` }
}
