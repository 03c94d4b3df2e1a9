import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Environment, SeeError } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
import { expect, test } from 'vitest'
import type { AnalysisRecord } from './analysis.ts'
import { assertDescribed } from '../testing/assert-described.ts'
import { evidenceIn, manifestFaults, manifestFiles } from '../testing/manifest.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

async function allocate(folder: string, configuration: object, name = 'AnalyserHook') {
  const hook = { name: `@see/hooks#${name}`, configuration: { results_folder: folder, ...configuration } }
  const environment = await Environment.allocate(simulatedFactory(), { hooks: [hook] })
  const { context, identifier } = environment
  const read = (file: string) => readFile(join(folder, `${identifier}_${file}`), 'utf8')
  const record = async (file: string) => {
    const text = await read(`${file}.json`)
    assertDescribed('analysis_record', text)
    return JSON.parse(text) as AnalysisRecord
  }
  const evidence = join(folder, 'evidence')
  await writeFile(evidence, 'marker', { mode: 0o600 })
  const analyse = async () => {
    await context.trigger('memory_snapshot_taken', { path: evidence })
    await context.trigger('start_analysis')
    await context.trigger('wait_analysis')
  }
  return { environment, context, read, record, evidence, analyse }
}

test('runs a command over what was kept when analysis starts, and waits for it', async () => {
  await using temporary = await temporaryFolder()
  const command = `sh -c 'cat "$1"; echo "found it" >"$2/found"; echo oops >&2; exit 3' sh {path} {output}`
  const { environment, context, read, record, evidence, analyse } = await allocate(temporary.path, {
    command,
  })
  await using _ = environment
  await analyse()
  expect(context.failures).toEqual([])
  expect(await record('analysis_1')).toMatchObject({
    event: 'memory_snapshot_taken',
    evidence,
    status: 'finished',
    exit_code: 3,
    exceeded: null,
    error: null,
  })
  expect([await read('analysis_1.stdout'), await read('analysis_1.stderr')]).toEqual(['marker', 'oops\n'])
  expect(await read('analysis_1/found')).toBe('found it\n')
})

test('what a program wrote is in the manifest, but for what no manifest can name', async () => {
  await using temporary = await temporaryFolder()
  const results = join(temporary.path, 'results')
  const command = [
    'sh',
    '-c',
    'mkdir "$1/sub"; echo found >"$1/sub/a"; echo b >"$1/b\\c"; ln -s a "$1/link"',
    'sh',
    '{output}',
  ]
  const { environment, context, analyse } = await allocate(temporary.path, {
    command,
    results_folder: results,
  })
  const written: string[] = []
  context.subscribe('evidence_written', ({ kind }) => void written.push(kind))
  await analyse()
  await environment.deallocate()
  expect(context.failures).toEqual([])
  const files = await manifestFiles(results)
  const of = `${context.identifier}_analysis_1.json`
  expect(files['analysis_1/sub/a']).toMatchObject({
    kind: 'analysis_output',
    bytes: 6,
    of,
    state: 'complete',
  })
  expect(Object.keys(files).toSorted()).toEqual([
    'analysis_1.json',
    'analysis_1.stderr',
    'analysis_1.stdout',
    'analysis_1/sub/a',
  ])
  expect(await manifestFaults(results)).toEqual([`${context.identifier}_analysis_1/b\\c is not in it`])
  expect(written.toSorted()).toEqual(['analysis_record', 'analysis_stderr', 'analysis_stdout'])
})

test('takes the path of the event that starts it, and does not hold that event back', async () => {
  await using temporary = await temporaryFolder()
  const configuration = {
    command: ['sh', '-c', 'sleep 0.5; wc -c <"$1"', 'sh', '{path}'],
    start_processing_on_event: 'memory_snapshot_taken',
  }
  const { environment, context, read, evidence } = await allocate(temporary.path, configuration)
  await using _ = environment
  await context.trigger('memory_snapshot_taken', { path: evidence })
  expect(context.running).toHaveLength(1)
  await context.trigger('wait_analysis')
  expect(await read('analysis_1.stdout')).toBe('6\n')
})

test('two hooks over the same evidence overwrite nothing, and an empty output folder goes away', async () => {
  await using temporary = await temporaryFolder()
  const configuration = { results_folder: temporary.path, command: 'true' }
  const hook = { name: '@see/hooks#AnalyserHook', configuration }
  await using environment = await Environment.allocate(simulatedFactory(), { hooks: [hook, hook] })
  const evidence = join(temporary.path, 'evidence')
  await writeFile(evidence, '')
  await environment.context.trigger('memory_snapshot_taken', { path: evidence })
  await environment.context.trigger('start_analysis')
  await environment.context.trigger('wait_analysis')
  expect(environment.context.failures).toEqual([])
  const records = (await evidenceIn(temporary.path)).filter((name) => !name.includes('.std'))
  const { identifier } = environment
  expect(records).toEqual([`${identifier}_analysis_1.json`, `${identifier}_analysis_2.json`, 'evidence'])
})

test('a command that exceeds a bound is a failure on record, with what it had said', async () => {
  await using temporary = await temporaryFolder()
  const configuration = { command: 'sh -c "echo started; sleep 60"', timeout: 0.3 }
  const { environment, context, read, record, analyse } = await allocate(temporary.path, configuration)
  await using _ = environment
  await analyse()
  await context.settled()
  expect(context.failures).toMatchObject([
    { handler: '@see/hooks#AnalyserHook.startProcessing', error: { code: 'TOOL_FAILED' } },
  ])
  expect(await record('analysis_1')).toMatchObject({ status: 'failed', exceeded: 'time', exit_code: null })
  expect(await read('analysis_1.stdout')).toBe('started\n')
})

test('is ended with its environment', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, evidence, record } = await allocate(temporary.path, { command: 'sleep 60' })
  await context.trigger('memory_snapshot_taken', { path: evidence })
  await context.trigger('start_analysis')
  await environment.deallocate()
  expect(context.failures).toMatchObject([{ error: { code: 'CONTEXT_CLOSED' } }])
  expect(await record('analysis_1')).toMatchObject({ status: 'failed' })
})

test.each([[''], ["sh 'open"], [[]], [1]])('refuses the command %j', async (command) => {
  await using temporary = await temporaryFolder()
  await expect(allocate(temporary.path, { command })).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' })
})

// Debian has no package of Volatility: this takes its place, and says how it was called.
const standIn = '#!/bin/sh\necho "$@"\n'

test.each([
  [{}, '-q -f EVIDENCE windows.pslist'],
  [{ profile: 'Win7SP1x64' }, '-f EVIDENCE --profile=Win7SP1x64 windows.pslist'],
])('starts Volatility as its version 3, or as 2 where there is a profile: %j', async (profile, line) => {
  await using temporary = await temporaryFolder()
  await using tool = await temporaryFolder()
  const program = join(tool.path, 'vol')
  await writeFile(program, standIn, { mode: 0o755 })
  const plugins = ['windows.pslist', 'windows.netscan']
  const configuration = { ...profile, command: program, plugins, readable: tool.path }
  const { environment, context, read, record, evidence, analyse } = await allocate(
    temporary.path,
    configuration,
    'VolatilityHook',
  )
  await using _ = environment
  await analyse()
  expect(context.failures).toEqual([])
  expect(await read('volatility_windows.pslist_1.stdout')).toBe(`${line.replace('EVIDENCE', evidence)}\n`)
  expect(await record('volatility_windows.netscan_1')).toMatchObject({ status: 'finished', exit_code: 0 })
})

test('a plugin of Volatility that fails is a warning, which is also in its record', async () => {
  await using temporary = await temporaryFolder()
  await using tool = await temporaryFolder()
  const program = join(tool.path, 'vol')
  await writeFile(program, '#!/bin/sh\necho "no symbols" >&2; exit 1\n', { mode: 0o755 })
  const configuration = { command: program, plugins: ['windows.pslist'], readable: tool.path }
  const allocated = await allocate(temporary.path, configuration, 'VolatilityHook')
  const { environment, context, record, analyse } = allocated
  await using _ = environment
  await analyse()
  expect(context.failures).toEqual([])
  const { warnings } = await record('volatility_windows.pslist_1')
  expect(warnings).toMatchObject([{ code: 'PLUGIN_FAILED', what: expect.stringContaining('windows.pslist') }])
  expect(context.warnings).toEqual(warnings)
})

test.each(['AnalyserHook', 'VolatilityHook'])('%s that has nothing to analyse says so', async (name) => {
  await using temporary = await temporaryFolder()
  const own = name === 'AnalyserHook' ? {} : { plugins: ['x'] }
  const configuration = { command: 'true', ...own }
  const { environment, context } = await allocate(temporary.path, configuration, name)
  await using _ = environment
  await context.trigger('start_analysis')
  await context.trigger('wait_analysis')
  expect(context.warnings).toMatchObject([{ code: 'EVIDENCE_ABSENT', what: expect.stringContaining(name) }])
})

test('evidence whose processing was never started is a warning', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, evidence } = await allocate(temporary.path, { command: 'true' })
  await context.trigger('memory_snapshot_taken', { path: evidence })
  await environment.deallocate()
  expect(context.warnings).toMatchObject([
    { code: 'EVIDENCE_UNPROCESSED', what: expect.stringContaining(evidence) },
  ])
})

test('fails at set-up where Volatility is missing', async () => {
  await using temporary = await temporaryFolder()
  const failed = allocate(temporary.path, { command: 'no-such-vol', plugins: ['x'] }, 'VolatilityHook')
  await expect(failed).rejects.toMatchObject({ code: 'HOOK_SETUP', cause: { code: 'TOOL_MISSING' } })
  await expect(failed).rejects.toBeInstanceOf(SeeError)
})
