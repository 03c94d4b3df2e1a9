import { homedir } from 'node:os'
import { join } from 'node:path'

/** The folder of this user's templates. */
export function templateRoot(): string {
  const { SEE_TEMPLATES: own, XDG_DATA_HOME: data } = process.env
  if (own !== undefined && own !== '') return own
  if (process.getuid?.() === 0) return '/var/lib/see/templates'
  return join(
    data === undefined || data === '' ? join(homedir(), '.local', 'share') : data,
    'see',
    'templates',
  )
}
