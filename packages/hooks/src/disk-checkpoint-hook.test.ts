import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { Environment, type GuestDisk } from '@see/core'
import { expect, test } from 'vitest'
import { factoryWithDisk } from './testing/disk-images.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

const MIB = 1024 * 1024
const DISK = Buffer.concat([
  Buffer.from('QFI\xfb', 'latin1'),
  Buffer.alloc(MIB, 'x'),
  Buffer.alloc(4 * MIB),
  Buffer.from('end'),
  Buffer.alloc(MIB),
])

async function* inParts(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536)
}

async function allocate(folder: string, read?: GuestDisk['read'], configuration: object = {}) {
  const image = { path: '/nowhere', format: 'raw' }
  const disk = { image, read: read ?? (async () => Readable.from(inParts(DISK))) }
  const given = { results_folder: folder, checkpoint_on_event: 'post_pause', ...configuration }
  const environment = await Environment.allocate(factoryWithDisk(disk), {
    hooks: [{ name: '@see/hooks#DiskCheckPointHook', configuration: given }],
  })
  const taken: string[] = []
  environment.context.subscribe('disk_checkpoint_taken', ({ path }) => void taken.push(path))
  return { environment, context: environment.context, taken }
}

test('writes the disk for its owner only, with its holes, and tells where', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, taken } = await allocate(temporary.path)
  await using _ = environment
  await context.poweron()
  await context.pause()
  await context.resume()
  await context.pause()
  expect(context.failures).toEqual([])
  const base = join(temporary.path, `${environment.identifier}_post_pause`)
  expect(taken).toEqual([`${base}.qcow2`, `${base}_2.qcow2`])
  for (const path of taken) {
    expect(readFileSync(path).equals(DISK)).toBe(true)
    const { mode, blocks } = statSync(path)
    expect(mode & 0o777).toBe(0o600)
    expect(blocks * 512).toBeLessThan(2 * MIB)
  }
  expect(readdirSync(temporary.path)).toHaveLength(2)
})

test('takes one of a guest that is off, and refuses while it runs', async () => {
  await using temporary = await temporaryFolder()
  const configuration = { checkpoint_on_event: ['post_poweron', 'post_poweroff'] }
  const { environment, context, taken } = await allocate(temporary.path, undefined, configuration)
  await using _ = environment
  await context.poweron()
  expect(context.failures).toMatchObject([
    { handler: '@see/hooks#DiskCheckPointHook.takeCheckpoint', error: { code: 'GUEST_NOT_PAUSED' } },
  ])
  expect(String(context.failures[0]?.error)).toContain('at post_poweron: the guest is running')
  expect(readdirSync(temporary.path)).toEqual([])
  await context.poweroff()
  expect(context.failures).toHaveLength(1)
  expect(taken).toEqual([join(temporary.path, `${environment.identifier}_post_poweroff.qcow2`)])
})

test('keeps nothing of a guest that somebody had run meanwhile', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context } = await allocate(temporary.path, async () => {
    await environment.context.domain.resume()
    return Readable.from(inParts(DISK))
  })
  await using _ = environment
  await context.poweron()
  await context.pause()
  expect(context.failures).toMatchObject([{ error: { code: 'GUEST_NOT_PAUSED' } }])
  expect(readdirSync(temporary.path)).toEqual([])
})

test.each([
  ['fails', () => Promise.reject(new Error('no such volume')), 'no such volume'],
  ['breaks off', async () => Readable.from(breaking()), 'cut off'],
  ['sends something else', async () => Readable.from([Buffer.from('nothing of QEMU')]), 'no qcow2 image'],
  ['sends nothing', async () => Readable.from([]), 'sent nothing'],
])('leaves nothing where the provider %s', async (_what, read, message) => {
  await using temporary = await temporaryFolder()
  const { environment, context, taken } = await allocate(temporary.path, read)
  await using _ = environment
  await context.poweron()
  await context.pause()
  expect(context.failures).toMatchObject([{ error: { code: 'CHECKPOINT_FAILED' } }])
  expect(String(context.failures[0]?.error)).toContain(message)
  expect(taken).toEqual([])
  expect(readdirSync(temporary.path)).toEqual([])
})

async function* breaking(): AsyncGenerator<Buffer> {
  yield DISK.subarray(0, 65_536)
  throw new Error('cut off')
}

const stuck: GuestDisk['read'] = async ({ signal }) => new Readable({ signal, read: () => undefined })

test('does not wait for ever for a provider that sends nothing', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context } = await allocate(temporary.path, stuck, { timeout: 0.1 })
  await using _ = environment
  await context.poweron()
  await context.pause()
  expect(context.failures).toMatchObject([{ error: { code: 'CHECKPOINT_FAILED' } }])
  expect(readdirSync(temporary.path)).toEqual([])
})

test('deletes the checkpoints at the end when it is told to', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, taken } = await allocate(temporary.path, undefined, {
    delete_checkpoints: true,
  })
  writeFileSync(join(temporary.path, 'of another'), '')
  await context.poweron()
  await context.pause()
  expect(taken).toHaveLength(1)
  await environment.deallocate()
  expect(readdirSync(temporary.path)).toEqual(['of another'])
})
