import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startOf } from '../host/process-table.ts'
import { makeLedgerFolder } from './ledger-folder.ts'
import { holdOwner, onOwner } from './owner.ts'
import { ownerState } from './owner-state.ts'
import { thisProcess } from './this-process.ts'

async function ledgers(): Promise<string> {
  const above = mkdtempSync(join(tmpdir(), 'see-owner-'))
  onTestFinished(() => rmSync(above, { recursive: true }))
  const folder = join(above, 'ledger')
  await makeLedgerFolder(folder)
  return folder
}

test('a process owns until its last holder has let go', async () => {
  const folder = await ledgers()
  const seen: string[] = []
  const listening = onOwner((owner, where) => {
    if (where === folder) seen.push(owner.socket)
    return () => void seen.push('end')
  })
  onTestFinished(() => listening[Symbol.dispose]())
  const [first, second] = await Promise.all([holdOwner(folder), holdOwner(folder)])
  expect(first.record).toEqual(second.record)
  expect(first.record).toMatchObject({ ...(await thisProcess()), pid: process.pid })
  first[Symbol.dispose]()
  expect(await ownerState(first.record)).toBe('alive')
  second[Symbol.dispose]()
  const third = await holdOwner(folder)
  expect(third.record).toEqual(first.record)
  third[Symbol.dispose]()
  await expect.poll(() => seen, { timeout: 5000 }).toEqual([first.record.socket, 'end'])
  await expect.poll(() => readdirSync(join(folder, 'owners')), { timeout: 5000 }).toEqual([])
})

test('a process of another boot is dead, one on another host is elsewhere', async () => {
  const owner = { socket: '/nowhere', ...(await thisProcess()) }
  expect(await ownerState(owner)).toBe('alive')
  expect(await ownerState({ ...owner, start: owner.start + 1 })).toBe('dead')
  const before = { ...owner, boot: '00000000-0000-4000-8000-000000000000' }
  expect(await ownerState(before)).toBe('dead')
  expect(await ownerState({ ...before, host: `${owner.host}x` })).toBe('elsewhere')
  // The boot tells kernels apart, the host's name may have been changed meanwhile.
  expect(await ownerState({ ...owner, host: 'renamed' })).toBe('alive')
})

test('a process is dead as soon as it was killed, and alive while it is stopped', async () => {
  const folder = await ledgers()
  const socket = join(folder, 'owners', 'other')
  const program = `require('node:net').createServer().listen(process.argv[1], () => console.log('up'))`
  const child = spawn(process.execPath, ['-e', program, socket], { stdio: ['ignore', 'pipe', 'ignore'] })
  await once(child.stdout, 'data')
  const pid = child.pid ?? 0
  const owner = { ...(await thisProcess()), socket, pid, start: (await startOf(pid)) ?? 0 }
  expect(await ownerState(owner)).toBe('alive')
  child.kill('SIGSTOP')
  expect(await ownerState(owner)).toBe('alive')
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(await ownerState(owner)).toBe('dead')
})

test('a listener hears of an owner that there is already', async () => {
  const folder = await ledgers()
  const owner = await holdOwner(folder)
  const heard: string[] = []
  const listening = onOwner(({ socket }, where) => {
    if (where !== folder) return () => undefined
    heard.push(socket)
    return () => void heard.push('ended')
  })
  onTestFinished(() => listening[Symbol.dispose]())
  await expect.poll(() => heard).toEqual([owner.record.socket])
  owner[Symbol.dispose]()
  await expect.poll(() => heard, { timeout: 5000 }).toEqual([owner.record.socket, 'ended'])
})
