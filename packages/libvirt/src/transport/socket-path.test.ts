import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { findSocketPath, isUserSession } from './socket-path.ts'
import { parseUri } from './uri.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'see-sockets-'))
  mkdirSync(join(folder, 'libvirt'))
})

afterEach(() => {
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true })
})

test('the system has its fixed folder, whatever the environment says', () => {
  expect(findSocketPath(parseUri('test:///default'), { XDG_RUNTIME_DIR: folder })).toBe(
    '/var/run/libvirt/libvirt-sock',
  )
})

test("a user's session is in the runtime folder, else in the cache", () => {
  vi.spyOn(process, 'geteuid').mockReturnValue(1000)
  const uri = parseUri('qemu:///session')
  expect(isUserSession(uri)).toBe(true)
  expect(findSocketPath(uri, { XDG_RUNTIME_DIR: folder })).toBe(`${folder}/libvirt/libvirt-sock`)
  expect(findSocketPath(uri, { XDG_CACHE_HOME: folder })).toBe(`${folder}/libvirt/libvirt-sock`)
  expect(findSocketPath(uri, {})).toBe(join(homedir(), '.cache/libvirt/libvirt-sock'))
})

test("the driver's own daemon goes first", () => {
  vi.spyOn(process, 'geteuid').mockReturnValue(1000)
  const modular = join(folder, 'libvirt', 'virtqemud-sock')
  writeFileSync(modular, '')
  expect(findSocketPath(parseUri('qemu:///session'), { XDG_RUNTIME_DIR: folder })).toBe(modular)
  expect(findSocketPath(parseUri('lxc:///session'), { XDG_RUNTIME_DIR: folder })).toMatch('libvirt-sock')
})

test('root has no session, and neither does a socket that the URI names', () => {
  vi.spyOn(process, 'geteuid').mockReturnValue(0)
  expect(isUserSession(parseUri('qemu:///session'))).toBe(false)
  expect(isUserSession(parseUri('qemu+unix:///session?socket=/x'))).toBe(false)
  expect(findSocketPath(parseUri('qemu+unix:///session?socket=/x'))).toBe('/x')
})
