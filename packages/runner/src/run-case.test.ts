import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { simulatedFactory } from '@see/core/testing'
import { expect, test } from 'vitest'
import type { Protocol } from './protocol/protocol.ts'
import { Interrupted } from './report/interrupted.ts'
import { runCase } from './run-case.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

const resources = simulatedFactory()

const drive: Protocol = async (context, { progress, runtimeMs, timeoutMs, shutdownTimeoutMs }) => {
  progress(`bounds ${runtimeMs} ${timeoutMs} ${shutdownTimeoutMs}`)
  await context.poweron()
  await context.trigger('run_command', { command: 'true' })
  await context.poweroff()
}

test('a case from its configuration to its evidence, with a protocol in code', async () => {
  await using folder = await temporaryFolder()
  const steps: string[] = []
  const identifier = randomUUID()
  const { exitCode, report, error } = await runCase({
    resources,
    identifier,
    results: folder.path,
    protocol: drive,
    progress: {
      step: (message) => steps.push(message),
      note: (message) => steps.push(`note: ${message}`),
      update: () => undefined,
      end: (succeeded) => steps.push(`succeeded: ${succeeded}`),
    },
  })
  expect({ exitCode, error }).toEqual({ exitCode: 0, error: undefined })
  expect(steps).toEqual([
    `run ${identifier}: checking what is given`,
    'allocating the sandbox',
    'bounds 10000 120000 25000',
    'taking the sandbox away',
    'succeeded: true',
  ])
  const results = join(folder.path, identifier)
  expect(report).toMatchObject({ ok: true, identifier, results_folder: results, events: 11 })
  expect(JSON.parse(await readFile(join(results, 'run.json'), 'utf8'))).toEqual(report)
  const timeline = await readFile(join(results, `${identifier}_timeline.jsonl`), 'utf8')
  expect(timeline).toContain('"name":"run_command","origin":"drive"')
})

test('what goes wrong is in the outcome', async () => {
  await using folder = await temporaryFolder()
  const failed = await runCase({
    resources,
    results: folder.path,
    protocol: () => Promise.reject(new Error('the protocol failed')),
  })
  expect(failed).toMatchObject({
    exitCode: 2,
    report: { ok: false, exit_code: 2, error: { message: 'the protocol failed' } },
    error: { message: 'the protocol failed' },
  })
  const missing = await runCase({ resources: '/no/such/resources.json', results: folder.path })
  expect(missing).toMatchObject({
    exitCode: 1,
    report: { results_folder: null, error: { code: 'FILE_UNREADABLE' } },
  })
})

test('an abort ends the case, and errors from outside that follow it are part of the outcome', async () => {
  await using folder = await temporaryFolder()
  const abort = new AbortController()
  const laterErrors: unknown[] = []
  const { exitCode, error } = await runCase({
    resources,
    results: folder.path,
    signal: abort.signal,
    laterErrors,
    protocol: async (context, { signal }) => {
      await context.poweron()
      abort.abort(new Interrupted('SIGTERM'))
      laterErrors.push(new AggregateError([], 'later'))
      signal.throwIfAborted()
    },
  })
  expect(exitCode).toBe(130)
  expect(error).toMatchObject({ errors: [{ message: 'interrupted by SIGTERM' }, { message: 'later' }] })
})
