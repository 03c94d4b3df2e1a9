import { createReadStream, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { attributesOf, Environment, type GuestDisk } from '@see/core'
import { type SimulatedGuest, simulatedFactory } from '@see/core/testing'
import { describe, expect, test } from 'vitest'
import { Latch } from '../processes/latch.ts'
import { quietly } from '../testing/disk-images.ts'
import { evidenceIn } from '../testing/manifest.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

const MIB = 1024 * 1024
/** The first cluster of an image that is backed by nothing. */
const HEADER = Buffer.alloc(65_536)
HEADER.write('QFI\xfb', 'latin1')
HEADER.writeUInt32BE(3, 4)
HEADER.writeUInt32BE(16, 20)
HEADER.writeUInt32BE(104, 100)
const DISK = Buffer.concat([
  HEADER,
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
  const environment = await Environment.allocate(simulatedFactory({ guest: { disk } }), {
    hooks: [{ name: '@see/hooks#DiskCheckPointHook', configuration: given }],
  })
  const taken: string[] = []
  environment.context.subscribe('disk_checkpoint_taken', ({ path }) => void taken.push(path))
  return { environment, context: environment.context, taken }
}

test('writes the disk for its owner only, with its holes, and reports where', async () => {
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
  expect(await evidenceIn(temporary.path)).toHaveLength(2)
})

test('takes one of a guest that is off', async () => {
  await using temporary = await temporaryFolder()
  const configuration = { checkpoint_on_event: 'post_poweroff' }
  const { environment, context, taken } = await allocate(temporary.path, undefined, configuration)
  await using _ = environment
  await context.poweron()
  await context.poweroff()
  expect(context.failures).toEqual([])
  expect(taken).toEqual([join(temporary.path, `${environment.identifier}_post_poweroff.qcow2`)])
})

const WHILE_IT_RUNS = { checkpoint_on_event: 'post_poweron' }

test('suspends a running guest meanwhile, without an event', async () => {
  await using temporary = await temporaryFolder()
  const states: string[] = []
  const read: GuestDisk['read'] = async () => {
    states.push(await environment.context.state())
    return Readable.from(inParts(DISK))
  }
  const { environment, context, taken } = await allocate(temporary.path, read, WHILE_IT_RUNS)
  await using _ = environment
  const events: string[] = []
  context.observe({ eventHandled: ({ event }) => void events.push(event.name) })
  await context.poweron()
  expect(context.failures).toEqual([])
  expect([...states, await context.state()]).toEqual(['paused', 'running'])
  expect(taken).toEqual([join(temporary.path, `${environment.identifier}_post_poweron.qcow2`)])
  expect(events).toEqual(['pre_poweron', 'disk_checkpoint_taken', 'post_poweron'])
})

test('leaves a paused guest paused', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, taken } = await allocate(temporary.path)
  await using _ = environment
  await context.poweron()
  await context.pause()
  expect(taken).toHaveLength(1)
  expect(await context.state()).toBe('paused')
})

test.each<[string, GuestDisk['read'], object]>([
  ['the provider fails', () => Promise.reject(new Error('no such volume')), {}],
  ['the provider breaks off', async () => Readable.from(breaking()), {}],
  ['the provider sends nothing in time', (options) => stuck(options), { timeout: 0.1 }],
])('has the guest run on where %s', async (_what, read, configuration) => {
  await using temporary = await temporaryFolder()
  const given = { ...WHILE_IT_RUNS, ...configuration }
  const { environment, context } = await allocate(temporary.path, read, given)
  await using _ = environment
  await context.poweron()
  expect(context.failures).toMatchObject([{ error: { code: 'CHECKPOINT_FAILED' } }])
  expect(await context.state()).toBe('running')
  expect(await evidenceIn(temporary.path)).toEqual([])
})

test('has the guest run on where the environment ends', async () => {
  await using temporary = await temporaryFolder()
  const reading = new Latch()
  const read: GuestDisk['read'] = (options) => {
    reading.open()
    return stuck(options)
  }
  const { environment, context } = await allocate(temporary.path, read, WHILE_IT_RUNS)
  const { domain } = context
  const poweron = context.poweron().catch(() => undefined)
  await reading.opened
  expect(domain.state).toBe('paused')
  await environment.deallocate()
  await poweron
  expect(domain.state).toBe('running')
  expect(await evidenceIn(temporary.path)).toEqual([])
})

test.each([
  ['suspend', 'be suspended'],
  ['resume', 'run on'],
] as const)('says so where the hypervisor cannot %s', async (method, message) => {
  await using temporary = await temporaryFolder()
  const { environment, context } = await allocate(temporary.path, undefined, WHILE_IT_RUNS)
  await using _ = environment
  context.domain[method] = () => Promise.reject(new Error(`no ${method}`))
  await context.poweron()
  expect(context.failures).toMatchObject([
    { handler: '@see/hooks#DiskCheckPointHook.takeCheckpoint', error: { code: 'CHECKPOINT_FAILED' } },
  ])
  expect(String(context.failures[0]?.error)).toMatch(new RegExp(`${message}.*no ${method}`))
})

test('refuses a guest that is neither running nor paused', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context } = await allocate(temporary.path, undefined, {
    checkpoint_on_event: 'snapshots_capture',
  })
  await using _ = environment
  context.domain.state = 'pmsuspended'
  await context.trigger('snapshots_capture')
  expect(context.failures).toMatchObject([{ error: { code: 'GUEST_NOT_PAUSED' } }])
  expect(String(context.failures[0]?.error)).toContain('at snapshots_capture: the guest is pmsuspended')
  expect(context.domain.state).toBe('pmsuspended')
})

test('takes one of a crashed guest, which writes nothing any more', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context } = await allocate(temporary.path, undefined, {
    checkpoint_on_event: 'snapshots_capture',
  })
  await using _ = environment
  context.domain.state = 'crashed'
  await context.trigger('snapshots_capture')
  expect(context.failures).toEqual([])
  expect(await evidenceIn(temporary.path)).toHaveLength(1)
})

test('keeps nothing of a guest that was resumed meanwhile', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context } = await allocate(temporary.path, async () => {
    await environment.context.domain.resume()
    return Readable.from(inParts(DISK))
  })
  await using _ = environment
  await context.poweron()
  await context.pause()
  expect(context.failures).toMatchObject([{ error: { code: 'GUEST_NOT_PAUSED' } }])
  expect(await evidenceIn(temporary.path)).toEqual([])
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
  expect(await evidenceIn(temporary.path)).toEqual([])
})

async function* breaking(): AsyncGenerator<Buffer> {
  yield DISK.subarray(0, 65_536)
  throw new Error('cut off')
}

const stuck: GuestDisk['read'] = async ({ signal }) => new Readable({ signal, read: () => undefined })

test('does not wait forever for a provider that sends nothing', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context } = await allocate(temporary.path, stuck, { timeout: 0.1 })
  await using _ = environment
  await context.poweron()
  await context.pause()
  expect(context.failures).toMatchObject([{ error: { code: 'CHECKPOINT_FAILED' } }])
  expect(await evidenceIn(temporary.path)).toEqual([])
})

test('deletes the checkpoints at the end if configured', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, taken } = await allocate(temporary.path, undefined, {
    delete_checkpoints: true,
  })
  writeFileSync(join(temporary.path, 'of another'), '')
  await context.poweron()
  await context.pause()
  expect(taken).toHaveLength(1)
  await environment.deallocate()
  expect(await evidenceIn(temporary.path)).toEqual(['of another'])
})

describe('a disk whose guest has taken over QEMU, which leads', () => {
  const leading: [string, (folder: string, disk: string) => void][] = [
    [
      'to another file',
      (_, disk) => quietly('qemu-img', 'rebase', '-u', '-F', 'raw', '-b', '/etc/passwd', disk),
    ],
    ['there from behind what is usually read', (_, disk) => patched(disk, 70_000, '/etc/passwd')],
    ['there from behind its first cluster', (_, disk) => patched(disk, 3 * MIB, '/etc/passwd')],
    [
      'to a file with its data',
      (folder, disk) =>
        quietly('qemu-img', 'create', '-f', 'qcow2', '-o', `data_file=${folder}/data`, disk, '1M'),
    ],
  ]

  test.each(leading)('%s is not kept', async (_what, change) => {
    await using temporary = await temporaryFolder()
    await using sources = await temporaryFolder()
    const disk = join(sources.path, 'disk.qcow2')
    quietly('qemu-img', 'create', '-f', 'qcow2', '-o', 'cluster_size=2M', disk, '1M')
    change(sources.path, disk)
    const { environment, context, taken } = await allocate(temporary.path, async () => createReadStream(disk))
    await using _ = environment
    await context.poweron()
    await context.pause()
    expect(context.failures).toMatchObject([{ error: { code: 'CHECKPOINT_FAILED' } }])
    expect(taken).toEqual([])
    expect(await evidenceIn(temporary.path)).toEqual([])
  })
})

/** Writes the path of what a qcow2 image is backed by where the header then says that it is. */
function patched(disk: string, offset: number, backing: string): void {
  const image = Buffer.alloc(4 * MIB)
  readFileSync(disk).copy(image)
  image.writeBigUInt64BE(BigInt(offset), 8)
  image.writeUInt32BE(backing.length, 16)
  image.write(backing, offset)
  writeFileSync(disk, image)
}

const IMAGE = { path: '/nowhere', format: 'raw' }
const whole: GuestDisk['read'] = async () => Readable.from(inParts(DISK))
const broken: GuestDisk['read'] = async () => Readable.from([Buffer.from('no image')])
const FIRST = { image: IMAGE, read: whole }
const allocateWith = async (folder: string, otherDisks: SimulatedGuest['otherDisks']) => {
  const guest = { disk: FIRST, ...(otherDisks !== undefined && { otherDisks }) }
  const configuration = { results_folder: folder, checkpoint_on_event: 'post_poweron' }
  const environment = await Environment.allocate(simulatedFactory({ guest }), {
    hooks: [{ name: '@see/hooks#DiskCheckPointHook', configuration }],
  })
  const taken: object[] = []
  environment.context.subscribe('disk_checkpoint_taken', (event) => void taken.push(attributesOf(event)))
  return { environment, taken, base: join(folder, `${environment.identifier}_post_poweron`) }
}

describe('of a guest with further disks', () => {
  test('takes one of each at one moment, and names the disks in one event', async () => {
    await using temporary = await temporaryFolder()
    const others = ['vdb', 'sda'].map((target) => ({ target, image: IMAGE, read: whole }))
    const { environment, taken, base } = await allocateWith(temporary.path, others)
    await using _ = environment
    await environment.context.poweron()
    expect(environment.context.failures).toEqual([])
    const other_disks = [
      { disk: 'vdb', path: `${base}.vdb.qcow2` },
      { disk: 'sda', path: `${base}.sda.qcow2` },
    ]
    expect(taken).toEqual([{ path: `${base}.qcow2`, other_disks }])
    for (const { path } of other_disks) expect(readFileSync(path).equals(DISK)).toBe(true)
    expect(await environment.context.state()).toBe('running')
  })

  test('one that cannot be written is on record, and the others are kept', async () => {
    await using temporary = await temporaryFolder()
    const others = [
      { target: 'vdb', image: IMAGE, read: broken },
      { target: 'vdc', image: IMAGE, read: whole },
    ]
    const { environment, taken, base } = await allocateWith(temporary.path, others)
    await using _ = environment
    await environment.context.poweron()
    expect(environment.context.failures).toMatchObject([{ error: { code: 'CHECKPOINT_FAILED' } }])
    expect(taken).toEqual([
      { path: `${base}.qcow2`, other_disks: [{ disk: 'vdc', path: `${base}.vdc.qcow2` }] },
    ])
  })
})
