import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { guestsUser, sharesUser } from './guests-user.ts'

let daemons = 0

/** A daemon whose guests have a user, and security models beside it. */
function daemon(user: number, ...models: string[]) {
  const dac = `<secmodel><model>dac</model><baselabel type="qemu">+${user}:+64055</baselabel></secmodel>`
  const others = models.map((model) => `<secmodel><model>${model}</model></secmodel>`)
  return {
    uri: `qemu:///${++daemons}`,
    getCapabilities: async () => `<capabilities><host>${[dac, ...others].join('')}</host></capabilities>`,
  }
}

/** A file that all users may read, or only its owner. */
function file(mode = 0o644): string {
  const folder = mkdtempSync(join(tmpdir(), 'see-guests-user-'))
  chmodSync(folder, 0o755)
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'file')
  writeFileSync(path, '')
  chmodSync(path, mode)
  return path
}

const domain = (content = '') => `<domain type="qemu">${content}</domain>`
const imageAt = (path: string) => ({ path, format: 'qcow2', identity: '' }) as const
const given = { xml: domain(), isKvm: false, images: [] }

test('each guest has a user of its own, in the group of all', async () => {
  const images = [{ ...imageAt(file()), backing: imageAt(file()) }]
  const xml = domain(`<os><kernel>${file()}</kernel></os>`)
  const users = [daemon(64_055), daemon(64_055)].map((each) => guestsUser(each, { ...given, xml, images }))
  const [one, other] = await Promise.all(users)
  for (const each of [one, other]) {
    expect(each).toEqual({ own: { uid: expect.any(Number), gid: 64_055, groups: [] }, whyShared: undefined })
    expect(each?.own?.uid).toBeGreaterThan(1_879_048_191)
  }
  expect(one?.own?.uid).not.toBe(other?.own?.uid)
})

test('a daemon of this user’s own has no other users, which is no lack', async () => {
  const own = daemon(process.geteuid?.() ?? 0)
  expect(await guestsUser(own, given)).toEqual({ own: undefined, whyShared: undefined })
})

test.each([
  ['its XML says who QEMU is', () => ({ xml: domain('<seclabel type="none"/>') }), [], /<seclabel>/],
  ['an image is not open to all', () => ({ images: [imageAt(file(0o600))] }), [], /file is not open/],
  [
    'a base is not open to all',
    () => ({ images: [{ ...imageAt(file()), backing: imageAt(file(0o600)) }] }),
    [],
    /file is not open/,
  ],
  [
    'a kernel is not open to all',
    () => ({ xml: domain(`<os><kernel>${file(0o600)}</kernel></os>`) }),
    [],
    /open/,
  ],
  [
    'a disc is not open to all',
    () => ({
      xml: domain(`<devices><disk device="cdrom"><source file="${file(0o600)}"/></disk></devices>`),
    }),
    [],
    /open/,
  ],
  [
    'AppArmor names the kernels',
    () => ({ xml: domain(`<os><kernel>${file()}</kernel></os>`) }),
    ['apparmor'],
    /AppArmor/,
  ],
])('where %s, it has the user of all guests, and the report says so', async (_why, more, models, why) => {
  const { own, whyShared } = await guestsUser(daemon(64_055, ...models), { ...given, ...more() })
  expect([own, whyShared]).toEqual([undefined, expect.stringMatching(why)])
  expect(sharesUser(whyShared ?? '')).toMatchObject({ code: 'QEMU_SHARES_USER', why: whyShared })
})

test('AppArmor and a guest that boots from its disk go together', async () => {
  expect((await guestsUser(daemon(64_055, 'apparmor'), given)).own).toBeDefined()
})
