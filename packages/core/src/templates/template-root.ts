import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** The folder of this user's templates: an absolute path, which stands in the disks of clones. */
export function templateRoot(): string {
  const { SEE_TEMPLATES: own, XDG_DATA_HOME: data } = process.env
  if (own !== undefined && own !== '') return resolve(own)
  if (process.getuid?.() === 0) return '/var/lib/see/templates'
  return join(
    data === undefined || data === '' ? join(homedir(), '.local', 'share') : data,
    'see',
    'templates',
  )
}
