import { lstatSync, readFileSync, readlinkSync, type Stats } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { SeeError } from '../common/errors.ts'

/** As many as the kernel follows. */
const MOST_LINKS = 40

/** What was warned of is not warned of again. */
const warned = new Set<string>()

/**
 * Sees that only root and the user who runs SEE can decide what a file says: the file, every folder above it and every
 * link on the way belong to one of the two (or, below sudo, to who called it), and no one else may write them. A
 * folder in which every user may create, and only remove what is theirs, such as /tmp, is no harm. With
 * `SEE_UNTRUSTED_FILES=warn` it only warns.
 * @returns the file's path without links
 * @throws SeeError `FILE_UNTRUSTED`, or the operating system's error
 */
export function trustedPath(path: string): string {
  const parts = resolve(path).split('/')
  let at = '/'
  let links = 0
  judge(path, at, lstatSync(at))
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    if (part === '' || part === '.') continue
    if (part === '..') {
      at = dirname(at)
      continue
    }
    const next = join(at, part)
    const stats = lstatSync(next)
    judge(path, next, stats)
    if (!stats.isSymbolicLink()) {
      at = next
      continue
    }
    if (++links > MOST_LINKS) throw new Error('too many symbolic links')
    const target = readlinkSync(next)
    parts.unshift(...target.split('/'))
    if (target.startsWith('/')) at = '/'
  }
  return at
}

function judge(path: string, part: string, stats: Stats): void {
  const why = distrust(stats)
  if (why === undefined) return
  const what = part === resolve(path) ? '' : `${part}, which leads there, `
  const message = `${path} is not used: ${what === '' ? 'it ' : what}${why}`
  if (process.env['SEE_UNTRUSTED_FILES'] !== 'warn') {
    throw new SeeError(
      'FILE_UNTRUSTED',
      `${message}; that user could run code as ${user(ownUid())}. Change its owner or mode, or set SEE_UNTRUSTED_FILES=warn`,
    )
  }
  if (warned.has(message)) return
  warned.add(message)
  process.emitWarning(message.replace('is not used', 'is used though it should not be'), {
    code: 'FILE_UNTRUSTED',
  })
}

function distrust(stats: Stats): string | undefined {
  if (!isTrustedOwner(stats.uid)) return `belongs to ${user(stats.uid)}`
  // A link has no mode of its own, and who may create in a sticky folder may not replace what is another's.
  if (stats.isSymbolicLink() || (stats.isDirectory() && (stats.mode & 0o1000) !== 0)) return undefined
  if ((stats.mode & 0o002) !== 0) return 'can be written by every user'
  if ((stats.mode & 0o020) !== 0 && !isTrustedGroup(stats.gid))
    return `can be written by the group ${stats.gid}`
  return undefined
}

function isTrustedOwner(uid: number): boolean {
  return uid === 0 || uid === ownUid() || uid === sudo('SUDO_UID') || uid === unknownOwner()
}

/** Mostly a user's primary group has no other members. */
function isTrustedGroup(gid: number): boolean {
  return gid === 0 || gid === process.getegid?.() || gid === sudo('SUDO_GID') || gid === unknownOwner()
}

/** The id of the user who called sudo, whom root obeys anyway. */
function sudo(key: 'SUDO_UID' | 'SUDO_GID'): number | undefined {
  const text = process.env[key]
  return ownUid() === 0 && text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined
}

/** Whom every owner is shown as that has no number in this user namespace, the real root included. */
function unknownOwner(): number | undefined {
  const [inside, outside, count] = fileOf('/proc/self/uid_map').trim().split(/\s+/)
  const isWhole = inside === '0' && outside === '0' && Number(count) >= 2 ** 32 - 1
  return isWhole || count === undefined ? undefined : Number(fileOf('/proc/sys/kernel/overflowuid'))
}

function fileOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

function ownUid(): number {
  return process.geteuid?.() ?? 0
}

function user(uid: number): string {
  return uid === 0 ? 'root' : `user ${uid}`
}
