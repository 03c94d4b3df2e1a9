import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Environment, type EvidenceWarning } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
import { expect, test } from 'vitest'
import { assertDescribed } from '../testing/assert-described.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { filesIn } from './yara-files.ts'
import type { YaraMatch } from './yara-output.ts'

interface YaraResults {
  readonly scanned: string[]
  readonly skipped: { readonly file: string; readonly why: string }[]
  readonly matches: YaraMatch[]
  readonly warnings: EvidenceWarning[]
}

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
  const results = async () => {
    const text = await readFile(join(folder, 'results', `${identifier}_yara.json`), 'utf8')
    assertDescribed('yara_matches', text)
    return JSON.parse(text) as YaraResults
  }
  const matches = async () => (await results()).matches
  return { environment, context, scan, results, matches }
}

test('finds what the rules say in a snapshot: rule, file, where and what, escaped and bounded', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, scan, results, matches } = await allocate(temporary.path)
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
  expect(match).toMatchObject({ cut: true, rules_file: join(temporary.path, 'rules.yar') })
  expect((await results()).warnings).toMatchObject([{ code: 'YARA_MATCHES_CUT' }])
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
  const { environment, context, scan, results, matches } = await allocate(
    temporary.path,
    RULES,
    configuration,
  )
  await using _ = environment
  await scan()
  expect(context.failures).toEqual([])
  const link = { file: join(dropped, 'link'), why: 'it is a link' }
  expect(await results()).toMatchObject({ skipped: [link], warnings: [{ code: 'YARA_FILE_SKIPPED' }] })
  expect(context.warnings).toEqual((await results()).warnings)
  expect(await matches()).toEqual([
    {
      rule: 'marker',
      rules_file: join(temporary.path, 'rules.yar'),
      cut: false,
      file: hostile,
      string_count: 2,
      strings: [
        { offset: 0, name: '$a', data: 'MARK' },
        { offset: 0, name: '$b', data: '4D 41 52 4B 00 FF' },
      ],
    },
  ])
})

test('scans the files in a folder that an event names, beside what it scanned before', async () => {
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
  const { environment, context, scan, results } = await allocate(temporary.path)
  await using _ = environment
  await scan()
  expect(context.failures).toEqual([])
  expect(await results()).toMatchObject({ scanned: [], matches: [], warnings: [{ code: 'EVIDENCE_ABSENT' }] })
})

test('a rule whose string matches more than a million times is on record as one that failed', async () => {
  await using temporary = await temporaryFolder()
  const rules = 'rule often { strings: $a = "ab" condition: #a > 1200000 }'
  const { environment, context, scan, results } = await allocate(temporary.path, rules)
  await using _ = environment
  const snapshot = join(temporary.path, 'a.elf')
  await writeFile(snapshot, `\x7fELF${'ab'.repeat(1_500_000)}`)
  await scan(snapshot)
  const { warnings, scanned } = await results()
  expect(scanned).toEqual([snapshot])
  expect(warnings).toMatchObject([
    {
      code: 'YARA_RULE_FAILED',
      what: `matches of the YARA rule often in ${snapshot}`,
      why: expect.stringContaining('too many matches for $a'),
    },
  ])
  expect(context.warnings).toEqual(warnings)
  expect(context.failures).toEqual([])
})

test('rules are found below a folder with a colon, with external variables, and may share a helper rule', async () => {
  await using temporary = await temporaryFolder()
  const folder = join(temporary.path, 'job 2026-11-27T14:30:00')
  await mkdir(folder)
  await writeFile(join(folder, 'helper.yar'), 'rule helper { strings: $a = "MARK" condition: $a }')
  const files = ['one', 'two'].map((name) => join(folder, `${name}.yar`))
  for (const [index, file] of files.entries()) {
    const condition = `helper and wanted == ${index + 1} and level > 1.5 and name == "x"`
    await writeFile(file, `include "helper.yar"\nrule found${index} { condition: ${condition} }`)
  }
  const externals = { wanted: 2, level: 1.75, name: 'x' }
  const configuration = { rules: files, external_variables: externals }
  const { environment, context, scan, matches } = await allocate(temporary.path, RULES, configuration)
  await using _ = environment
  const snapshot = join(temporary.path, 'a.elf')
  await writeFile(snapshot, '\x7fELFMARK')
  await scan(snapshot)
  expect(context.failures).toEqual([])
  expect(await matches()).toMatchObject([
    { rule: 'helper', rules_file: files[0] },
    { rule: 'helper', rules_file: files[1] },
    { rule: 'found1', rules_file: files[1] },
  ])
})

test('rules that refer to those of another file are compiled together with them', async () => {
  await using temporary = await temporaryFolder()
  const base = join(temporary.path, 'base.yar')
  await writeFile(base, RULES)
  const further = join(temporary.path, 'further.yar')
  await writeFile(further, 'rule further { condition: marker }')
  const rules = [base, further]
  const { environment, scan, matches } = await allocate(temporary.path, RULES, { rules })
  await using _ = environment
  const snapshot = join(temporary.path, 'a.elf')
  await writeFile(snapshot, '\x7fELFMARK')
  await scan(snapshot)
  const together = { rules_file: null }
  expect(await matches()).toMatchObject([
    { rule: 'marker', ...together },
    { rule: 'further', ...together },
  ])
})

test('a scan that does not come to its end names its files as not scanned, and keeps what it found', async () => {
  await using temporary = await temporaryFolder()
  const configuration = { output_limit: 100_000 }
  const { environment, context, scan, results } = await allocate(temporary.path, RULES, configuration)
  await using _ = environment
  const snapshot = join(temporary.path, 'a.elf')
  await writeFile(snapshot, `\x7fELF${'MARK'.repeat(20_000)}`)
  await scan(snapshot)
  expect(context.failures).toMatchObject([{ error: { code: 'TOOL_FAILED' } }])
  const { scanned, skipped, matches } = await results()
  expect([scanned, skipped]).toEqual([[], [{ file: snapshot, why: expect.stringContaining('its end') }]])
  expect(matches).toMatchObject([{ rule: 'marker', file: snapshot }])
  expect(context.warnings.map(({ code }) => code)).toContain('YARA_FILE_SKIPPED')
})

test('every file that is found is on record as scanned or as skipped, also one that cannot be opened', async () => {
  await using temporary = await temporaryFolder()
  const dropped = join(temporary.path, 'dropped')
  await mkdir(dropped)
  await writeFile(join(dropped, 'good'), 'MARK')
  await writeFile(join(dropped, 'secret'), 'MARK', { mode: 0o000 })
  const { environment, context, scan, results } = await allocate(temporary.path, RULES, {
    scan_folder: dropped,
  })
  await using _ = environment
  await scan()
  expect(context.failures).toEqual([])
  const { scanned, skipped } = await results()
  expect([...scanned, ...skipped.map(({ file }) => file)].toSorted()).toEqual(
    ['good', 'secret'].map((name) => join(dropped, name)),
  )
})

test('of a folder with more files than are scanned, the rest is said to be left out', async () => {
  await using temporary = await temporaryFolder()
  const dropped = join(temporary.path, 'dropped')
  await mkdir(dropped)
  await Promise.all(Array.from({ length: 10_001 }, (_, index) => writeFile(join(dropped, `${index}`), '')))
  const { files, skipped } = await filesIn(dropped)
  expect(files).toHaveLength(10_000)
  expect(skipped).toEqual([{ file: dropped, why: expect.stringContaining('more than 10000 files') }])
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
