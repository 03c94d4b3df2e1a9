import { readdir, readlink, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { parseBoundedJson } from '@see/qemu/bounded-json'
import { messageOf, SeeError } from '../common/errors.ts'
import type { FileLock } from '../host/file-lock.ts'
import { templateName } from '../templates/template-name.ts'
import { TemplateStore } from '../templates/template-store.ts'
import { readUserFile } from '../configuration/user-file.ts'
import { BuiltGuest } from './built-guest.ts'
import { guestRoot } from './guest-root.ts'

/** The names of `guest/with-packages.sh`, which builds under the same lock, and removes what begins so with a dot. */
const CONTENTS = 'with-packages'
const NAMES = 'names'
const LOCK = `.${CONTENTS}.lock`
const GONE = `.${CONTENTS}-gone`
const KEY = /^[0-9a-f]{16}$/

/** The guests with chosen packages of this user: a folder each, by a hash of their content, and names that point there. */
export class GuestStore {
  readonly root: string

  constructor(root = guestRoot()) {
    this.root = root
  }

  /**
   * All guests, in order of their names; those without one last.
   * @throws SeeError `FILE_UNTRUSTED` when another user could change one, or `FILE_UNREADABLE`
   */
  async list(): Promise<BuiltGuest[]> {
    const names = await this.#names()
    const keys = (await this.#entriesOf(CONTENTS)).filter((key) => KEY.test(key))
    const guests = await Promise.all(keys.map((key) => this.#guest(key, names.get(key) ?? [])))
    return guests.toSorted((a, b) => orderOf(a).localeCompare(orderOf(b), 'en'))
  }

  /**
   * The guest of a name, or of a key.
   * @throws SeeError `GUEST_MISSING`, `FILE_UNTRUSTED` when another user could change it, or `FILE_UNREADABLE`
   */
  async open(name: string): Promise<BuiltGuest> {
    const names = await this.#names()
    const named = [...names].find(([, own]) => own.includes(name))?.[0]
    const key = named ?? (KEY.test(name) ? name : undefined)
    if (key === undefined || !(await isFolder(join(this.root, CONTENTS, key)))) {
      throw missing(name, [...names.values()].flat())
    }
    return await this.#guest(key, names.get(key) ?? [])
  }

  /**
   * Removes guests by their names or keys; of one that has other names, only the name.
   * @throws SeeError `GUEST_MISSING`, or `GUEST_IN_USE` while sandboxes run on one or a template was made of it; then none
   * was removed
   */
  async remove(names: readonly string[], signal: AbortSignal): Promise<void> {
    for (const name of names) await this.open(name)
    await using lock = await this.#lock(signal)
    const given = new Set(names)
    const guests = new Map<string, BuiltGuest>()
    for (const name of given) {
      const guest = await this.open(name)
      guests.set(guest.key, guest)
    }
    const gone = [...guests.values()].filter(
      (guest) => given.has(guest.key) || guest.names.every((name) => given.has(name)),
    )
    for (const guest of gone) {
      const why = await whyNeeded(guest)
      if (why !== undefined)
        throw new SeeError('GUEST_IN_USE', `guest ${JSON.stringify(shown(guest))}: ${why}`)
    }
    for (const name of given) await rm(join(this.root, NAMES, name), { force: true })
    for (const guest of gone) await this.#discard(lock, guest)
  }

  /** Removes a guest that has lost its name, unless something runs on it or was made of it. */
  async tidy(key: string, signal: AbortSignal): Promise<void> {
    await using lock = await this.#lock(signal)
    if (!(await isFolder(join(this.root, CONTENTS, key)))) return
    const guest = await this.open(key)
    if (guest.names.length > 0 || (await whyNeeded(guest)) !== undefined) return
    await this.#discard(lock, guest)
  }

  async #discard(_lock: FileLock, { folder, names }: BuiltGuest): Promise<void> {
    for (const name of names) await rm(join(this.root, NAMES, name), { force: true })
    const gone = join(this.root, GONE)
    await rm(gone, { recursive: true, force: true })
    await rename(folder, gone)
    await rm(gone, { recursive: true })
  }

  async #lock(signal: AbortSignal): Promise<FileLock> {
    const { lockFile } = await import('../host/file-lock.ts')
    return await lockFile(join(this.root, LOCK), signal)
  }

  async #guest(key: string, names: readonly string[]): Promise<BuiltGuest> {
    const { guestManifest } = await import('./guest-manifest.ts')
    const folder = join(this.root, CONTENTS, key)
    const path = join(folder, 'manifest.json')
    const text = readUserFile(path)
    try {
      return new BuiltGuest(folder, key, names, guestManifest.parse(parseBoundedJson(text)))
    } catch (error) {
      const why = `${path} is none of this version of SEE: ${messageOf(error)}; remove its folder`
      throw new SeeError('FILE_UNREADABLE', why, { cause: error })
    }
  }

  /** The names of each key. */
  async #names(): Promise<Map<string, string[]>> {
    const names = new Map<string, string[]>()
    for (const name of await this.#entriesOf(NAMES)) {
      if (!templateName.safeParse(name).success) continue
      const target = await readlink(join(this.root, NAMES, name)).catch(() => '')
      const key = basename(target)
      if (KEY.test(key)) names.set(key, [...(names.get(key) ?? []), name])
    }
    return names
  }

  async #entriesOf(part: string): Promise<string[]> {
    const folder = join(this.root, part)
    try {
      return (await readdir(folder)).toSorted()
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
      const why = `cannot read the guests in ${folder}: ${messageOf(error)}`
      throw new SeeError('FILE_UNREADABLE', why, { cause: error })
    }
  }
}

/** What stands in the way of removing it. */
async function whyNeeded({ folder, disk }: BuiltGuest): Promise<string | undefined> {
  const { isLocked } = await import('../templates/in-use.ts')
  if (await isLocked(disk).catch(() => false)) return 'sandboxes run on its disk; wait until they have ended'
  const templates = new TemplateStore()
  const own = await realpath(folder)
  for (const name of await templates.list()) {
    const template = await templates.open(name).catch(() => undefined)
    for (const { path } of template?.manifest.inputs ?? []) {
      const within = await realpath(dirname(path)).catch(() => undefined)
      if (within === own) return `template ${name} needs it; remove that first: npx see template rm ${name}`
    }
  }
  return undefined
}

function missing(name: string, others: readonly string[]): SeeError {
  const there = others.length === 0 ? 'there is none' : `there are: ${others.toSorted().join(', ')}`
  return new SeeError(
    'GUEST_MISSING',
    `there is no guest ${JSON.stringify(name)} (${there}); build it: npx see guest build --packages PACKAGES --name NAME`,
  )
}

function shown({ names, key }: BuiltGuest): string {
  return names[0] ?? key
}

function orderOf(guest: BuiltGuest): string {
  return `${guest.names.length === 0 ? 1 : 0} ${shown(guest)}`
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (information) => information.isDirectory(),
    () => false,
  )
}
