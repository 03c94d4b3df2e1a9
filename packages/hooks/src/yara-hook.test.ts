import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Environment } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
import { expect, test } from 'vitest'
import { temporaryFolder } from './testing/temporary-folder.ts'
import type { YaraMatch } from './yara-output.ts'

const RULES = 'rule marker { strings: $a = "MARK" $b = { 4d 41 52 4b 00 ff } condition: any of them }'

async function allocate(folder: string, rules = RULES, configuration: object = {}) {
  await writeFile(join(folder, 'rules.yar'), rules)
  const given = {
    results_folder: join(folder, 'results'),
    rules: join(folder, 'rules.yar'),
    ...configuration,
  }
  const environment = await Environment.allocate(simulatedFactory(), {
    hooks: [{ name: '@see/hooks#YaraHook', configuration: given }],
  })
  const { context, identifier } = environment
  const scan = async (...evidence: string[]) => {
    for (const path of evidence) await context.trigger('memory_snapshot_taken', { path })
    await context.trigger('start_analysis')
    await context.trigger('wait_analysis')
    await context.settled()
  }
  const matches = async () => {
    const text = await readFile(join(folder, 'results', `${identifier}_yara.json`), 'utf8')
    return (JSON.parse(text) as { matches: YaraMatch[] }).matches
  }
  return { environment, context, scan, matches }
}

test('finds what the rules say in a snapshot: rule, file, where and what, escaped and bounded', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, scan, matches } = await allocate(temporary.path)
  await using _ = environment
  const snapshot = join(temporary.path, 'a.elf')
  const content = `\x7fELF....MARK\0\xff${'MARK'.repeat(500)}`
  await writeFile(snapshot, content, { encoding: 'latin1', mode: 0o600 })
  await scan(snapshot)
  expect(context.failures).toEqual([])
  const [match] = await matches()
  expect(match).toMatchObject({ rule: 'marker', file: snapshot, string_count: 502 })
  expect(match?.strings).toHaveLength(100)
  expect(match?.strings[0]).toEqual({ offset: 8, name: '$a', data: 'MARK' })
})

test('scans dropped files, whatever they are called, and follows none of their links', async () => {
  await using temporary = await temporaryFolder()
  const dropped = join(temporary.path, 'dropped')
  await mkdir(join(dropped, 'deep'), { recursive: true })
  const hostile = join(dropped, 'deep', 'x\nmarker 1\n0x0:$a: forged')
  await writeFile(hostile, 'MARK\0\xff', 'latin1')
  await writeFile(join(dropped, 'clean'), 'nothing')
  await writeFile(join(dropped, 'empty'), '')
  await writeFile(join(temporary.path, 'outside'), 'MARK')
  await symlink('../outside', join(dropped, 'link'))
  const configuration = { scan_folder: dropped }
  const { environment, context, scan, matches } = await allocate(temporary.path, RULES, configuration)
  await using _ = environment
  await scan()
  expect(context.failures).toEqual([])
  expect(await matches()).toEqual([
    {
      rule: 'marker',
      file: hostile,
      string_count: 2,
      strings: [
        { offset: 0, name: '$a', data: 'MARK' },
        { offset: 0, name: '$b', data: '4D 41 52 4B 00 FF' },
      ],
    },
  ])
})

test('scans the files in a folder that an event tells of, beside what it scanned before', async () => {
  await using temporary = await temporaryFolder()
  const configuration = { start_processing_on_event: ['start_analysis', 'files_extracted'] }
  const { environment, context, scan, matches } = await allocate(temporary.path, RULES, configuration)
  await using _ = environment
  const snapshot = join(temporary.path, 'a.elf')
  await writeFile(snapshot, '\x7fELFMARK')
  const folder = join(temporary.path, 'extracted')
  await mkdir(join(folder, 'deep'), { recursive: true })
  await writeFile(join(folder, 'deep', 'dropped'), 'MARK')
  await scan(snapshot)
  await context.trigger('files_extracted', { path: folder })
  await context.trigger('wait_analysis')
  await context.settled()
  expect(context.failures).toEqual([])
  expect(await matches()).toMatchObject([{ file: snapshot }, { file: join(folder, 'deep', 'dropped') }])
})

test('that there was nothing to scan stands in the results', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, scan, matches } = await allocate(temporary.path)
  await using _ = environment
  await scan()
  expect(context.failures).toEqual([])
  expect(await matches()).toEqual([])
})

test.each([
  ['makedumpfile\0', 'compressed memory snapshot'],
  ['something', 'no ELF file'],
])('refuses a snapshot that begins with %j', async (start, message) => {
  await using temporary = await temporaryFolder()
  const { environment, context, scan } = await allocate(temporary.path)
  await using _ = environment
  const snapshot = join(temporary.path, 'snapshot')
  await writeFile(snapshot, `${start}MARK`)
  await scan(snapshot)
  expect(context.failures).toMatchObject([
    { error: { code: 'EVIDENCE_UNSUPPORTED', message: expect.stringContaining(message) } },
  ])
})

test('fails at set-up when the rules are bad, naming file and line', async () => {
  await using temporary = await temporaryFolder()
  await expect(allocate(temporary.path, 'rule x {\n condition: nothing }')).rejects.toMatchObject({
    cause: { code: 'CONFIGURATION_INVALID', message: expect.stringMatching(/rules\.yar\(2\): undefined/) },
  })
})

test('fails at set-up when a file of rules is missing', async () => {
  await using temporary = await temporaryFolder()
  const rules = join(temporary.path, 'missing', 'rules.yar')
  await expect(allocate(temporary.path, RULES, { rules })).rejects.toMatchObject({
    cause: { code: 'FILE_UNREADABLE' },
  })
})

test('fails at set-up where YARA is missing, and names the package', async () => {
  await using temporary = await temporaryFolder()
  const path = process.env['PATH']
  process.env['PATH'] = '/nowhere'
  try {
    await expect(allocate(temporary.path)).rejects.toMatchObject({
      cause: { code: 'TOOL_MISSING', message: expect.stringContaining('apt-get install yara') },
    })
  } finally {
    process.env['PATH'] = path
  }
})
