import { readdirSync } from 'node:fs'
import { Environment, type EventOf, Hook, z } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { EvidenceWriter } from './evidence-writer.ts'
import { resultsKey } from './results-key.ts'

const MIB = 1024 * 1024
const schema = z.object({ results_folder: resultsKey('what fills it') })
const writers: EvidenceWriter[] = []

class FillingHook extends Hook<typeof schema> {
  static override readonly schema = schema
  readonly evidence = new EvidenceWriter(this)

  async setup(): Promise<void> {
    await this.evidence.open()
    writers.push(this.evidence)
  }
}

/** Two writers of one environment whose evidence is bounded. */
async function allocate(bounds: { readonly evidence_mib: number; readonly evidence_files: number }) {
  const temporary = await temporaryFolder()
  onTestFinished(() => temporary[Symbol.asyncDispose]())
  const configuration = { results_folder: temporary.path }
  const hooks = { configuration, hooks: [{ hook: FillingHook }, { hook: FillingHook }] }
  const environment = await Environment.allocate(simulatedFactory({ evidenceBounds: bounds }), hooks)
  onTestFinished(() => environment.deallocate())
  const reached: EventOf<'limit_reached'>[] = []
  environment.context.subscribe('limit_reached', (event) => void reached.push(event))
  const [one, other] = writers.splice(0)
  if (one === undefined || other === undefined) throw new Error('two hooks were set up')
  const names = () => readdirSync(temporary.path).filter((name) => name.endsWith('.bin'))
  return { one, other, reached, names, context: environment.context }
}

const file = (name: string) => ({ kind: 'x-filling', name, extension: 'bin' }) as const

test('files are refused once there are as many as may be, whichever hook writes them', async () => {
  const { one, other, reached, names, context } = await allocate({ evidence_mib: 10, evidence_files: 2 })
  await one.write(file('a'), 'a')
  const entry = other.entry(other.claim('b', { extensions: ['bin'] }).path('bin'), { kind: 'x-filling' })
  await entry.write('b')
  const refused = { code: 'EVIDENCE_LIMIT', message: expect.stringContaining('evidence_files') }
  await expect(one.write(file('c'), 'c')).rejects.toMatchObject(refused)
  await expect(other.write(file('d'), 'd')).rejects.toMatchObject(refused)
  expect(names()).toHaveLength(2)
  const limit = { limit: 'evidence_files', bound: 2, measured: 2, action: 'refused' }
  expect(context.limitsReached).toMatchObject([limit])
  await expect.poll(() => reached).toMatchObject([limit])
  await entry.remove()
  await one.write(file('e'), 'e')
  expect(names()).toHaveLength(2)
})

test('bytes are refused in the middle of a file, of which nothing is left; a smaller one still fits', async () => {
  const { one, names, context } = await allocate({ evidence_mib: 2, evidence_files: 100 })
  await one.write(file('first'), Buffer.alloc(MIB))
  const parts = Array.from({ length: 3 }, () => Buffer.alloc(MIB / 2 + 1))
  await expect(one.write(file('large'), parts)).rejects.toMatchObject({
    code: 'EVIDENCE_LIMIT',
    message: expect.stringContaining('evidence_mib'),
  })
  await one.write(file('small'), Buffer.alloc(MIB / 2))
  expect(names()).toHaveLength(2)
  expect(context.limitsReached).toMatchObject([{ limit: 'evidence_mib', bound: 2, measured: 3 }])
})

test('a file that is written again counts once', async () => {
  const { one, context } = await allocate({ evidence_mib: 2, evidence_files: 1 })
  const entry = one.entry(one.claim('again', { extensions: ['bin'] }).path('bin'), { kind: 'x-filling' })
  await entry.draft(Buffer.alloc(MIB * 0.9))
  await entry.draft(Buffer.alloc(MIB))
  await entry.write(Buffer.alloc(MIB))
  expect(context.limitsReached).toEqual([])
})

test('what others write, and what grows, counts towards the rest', async () => {
  const { one } = await allocate({ evidence_mib: 1, evidence_files: 10 })
  const growing = one.entry(one.claim('grows', { extensions: ['bin'] }).path('bin'), { kind: 'x-filling' })
  growing.begin()
  growing.pass(Buffer.alloc(2 * MIB))
  await expect(one.write(file('next'), 'x')).rejects.toMatchObject({ code: 'EVIDENCE_LIMIT' })
})
