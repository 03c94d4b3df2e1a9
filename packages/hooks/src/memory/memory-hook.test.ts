import { constants } from 'node:fs'
import { open, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Environment } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
import { expect, test } from 'vitest'
import { Latch } from '../processes/latch.ts'
import { evidenceIn } from '../testing/manifest.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

const withoutMemory = simulatedFactory({ lacking: ['memory'] })

async function allocate(folder: string, configuration: object = {}, factory = simulatedFactory()) {
  const given = { results_folder: folder, memory_snapshots_on_event: 'post_pause', ...configuration }
  const environment = await Environment.allocate(factory, {
    hooks: [{ name: '@see/hooks#MemoryHook', configuration: given }],
  })
  environment.context.domain.memory = 'x'.repeat(300_000)
  const taken: string[] = []
  environment.context.subscribe('memory_snapshot_taken', ({ path }) => void taken.push(path))
  return { environment, context: environment.context, taken }
}

test.each([
  [false, 'elf', '\x7fELF'],
  [true, 'kdump', 'makedumpfile\0'],
])(
  'writes the memory for its owner only, and reports where (compressed: %s)',
  async (compress, extension, header) => {
    await using temporary = await temporaryFolder()
    const { environment, context, taken } = await allocate(temporary.path, { compress_snapshots: compress })
    await using _ = environment
    await context.poweron()
    await context.pause()
    await context.resume()
    await context.pause()
    expect(context.failures).toEqual([])
    const base = join(temporary.path, `${environment.identifier}_post_pause`)
    expect(taken).toEqual([`${base}.${extension}`, `${base}_2.${extension}`])
    expect((await readFile(taken[0] ?? '')).toString('latin1')).toBe(`${header}${'x'.repeat(300_000)}`)
    expect((await stat(taken[0] ?? '')).mode & 0o777).toBe(0o600)
    expect(await evidenceIn(temporary.path)).toHaveLength(2)
  },
)

test('a snapshot that is shorter than its own headers say is a warning', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, taken } = await allocate(temporary.path)
  await using _ = environment
  await context.poweron()
  for (const missing of [0, 1]) {
    context.domain.memory = elfAfterMagic(1000).slice(0, -missing || undefined)
    await context.pause()
    await context.resume()
  }
  expect(context.failures).toEqual([])
  expect(taken).toHaveLength(2)
  expect(context.warnings).toMatchObject([
    { code: 'MEMORY_SHORT', what: expect.stringContaining(taken[1] ?? 'none') },
  ])
  expect(context.warnings[0]?.why).toContain('it has 1119 bytes of the 1120 that its headers declare')
})

/** An ELF file of 64 bits with one segment, but for its first four bytes, which the simulated domain writes. */
function elfAfterMagic(segmentBytes: number): string {
  const header = Buffer.alloc(64 + 56)
  header[4] = 2
  header[5] = 1
  header.writeBigUInt64LE(64n, 32)
  header.writeUInt16LE(56, 54)
  header.writeUInt16LE(1, 56)
  header.writeBigUInt64LE(120n, 64 + 8)
  header.writeBigUInt64LE(BigInt(segmentBytes), 64 + 32)
  return `${header.toString('latin1', 4)}${'m'.repeat(segmentBytes)}`
}

test('refuses while the guest runs', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context } = await allocate(temporary.path, {
    memory_snapshots_on_event: 'post_poweron',
  })
  await using _ = environment
  await context.poweron()
  expect(context.failures).toMatchObject([
    { handler: '@see/hooks#MemoryHook.takeSnapshot', error: { code: 'GUEST_NOT_PAUSED' } },
  ])
  expect(String(context.failures[0]?.error)).toContain('at post_poweron: the guest is running')
  expect(await evidenceIn(temporary.path)).toEqual([])
})

test('leaves nothing of a snapshot that failed', async () => {
  await using temporary = await temporaryFolder()
  const factory = simulatedFactory({ faults: { failing: ['coreDump'] } })
  const { environment, context, taken } = await allocate(temporary.path, {}, factory)
  await using _ = environment
  await context.poweron()
  await context.pause()
  expect(context.failures).toMatchObject([{ error: { code: 'MEMORY_SNAPSHOT_FAILED' } }])
  expect(String(context.failures[0]?.error)).toContain('simulated failure of coreDump')
  expect(taken).toEqual([])
  expect(await evidenceIn(temporary.path)).toEqual([])
})

test('does not wait forever for a hypervisor that never writes', { timeout: 20_000 }, async () => {
  await using temporary = await temporaryFolder()
  const { environment, context } = await allocate(temporary.path, { timeout: 0.2 })
  await using _ = environment
  context.domain.coreDump = () => new Promise(() => {})
  await context.poweron()
  await context.pause()
  expect(context.failures).toMatchObject([{ error: { code: 'MEMORY_SNAPSHOT_FAILED' } }])
  expect(await evidenceIn(temporary.path)).toEqual([])
})

test('the hypervisor has ended writing when a snapshot is given up', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context } = await allocate(temporary.path)
  const begun = new Latch()
  let ended: unknown
  context.domain.coreDump = async (path) => {
    const pipe = await open(path, 'w')
    begun.open()
    // As much as it can get rid of; and what a hypervisor does after that takes its time.
    const endless = async () => {
      for (;;) await pipe.write(Buffer.alloc(65_536, 'x'))
    }
    const broken: unknown = await endless().catch((error: unknown) => error)
    await sleep(100)
    await pipe.close()
    ended = broken
    throw new Error('the pipe is broken')
  }
  await context.poweron()
  const paused = context.pause().catch(() => undefined)
  await begun.opened
  await environment.deallocate()
  await paused
  expect(ended).toMatchObject({ code: 'EPIPE' })
  expect(await evidenceIn(temporary.path)).toEqual([])
})

test('a hypervisor that has not begun when a snapshot is given up finds no pipe to wait at', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context } = await allocate(temporary.path, { timeout: 0.1 })
  await using _ = environment
  let found: unknown
  context.domain.coreDump = async (path) => {
    await sleep(400)
    found = await open(path, constants.O_WRONLY).catch((error: unknown) => error)
    throw new Error('there is no pipe')
  }
  await context.poweron()
  await context.pause()
  expect(found).toMatchObject({ code: 'ENOENT' })
})

test('deletes the snapshots at the end if configured', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, taken } = await allocate(temporary.path, { delete_snapshots: true })
  await context.poweron()
  await context.pause()
  expect((await stat(taken[0] ?? '')).size).toBeGreaterThan(300_000)
  await environment.deallocate()
  expect(await evidenceIn(temporary.path)).toEqual([])
})

test('fails at set-up when the provider cannot write memory', async () => {
  await using temporary = await temporaryFolder()
  await expect(allocate(temporary.path, {}, withoutMemory)).rejects.toMatchObject({
    code: 'HOOK_SETUP',
    cause: { code: 'ABILITY_MISSING' },
  })
})
