import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { startSee, writeEmbeddedResources } from './support/see-command.ts'
import { temporaryFolder } from './support/temporary-folder.ts'
import { tinyGuest } from './support/tiny-guest.ts'

// It may have to be built first.
beforeAll(() => void tinyGuest(), 120_000)

const PROTOCOL = `
import { rmSync, writeFileSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
const evidenceOf = (context, sample) => join(dirname(sample), 'results', context.identifier)
/** Fills the disk of the results to its last byte. */
export const fill = async (context, { sample }) => {
  const folder = evidenceOf(context, sample)
  for (let size = 65536; size >= 1; size /= 2) {
    try { for (;;) writeFileSync(join(folder, 'filling'), Buffer.alloc(size), { flag: 'a' }) } catch {}
  }
  await context.trigger('full')
}
export const remove = async (context, { sample }) => {
  rmSync(evidenceOf(context, sample), { recursive: true })
  await context.trigger('full')
}
export const open = async (context, { sample }) => {
  const folder = evidenceOf(context, sample)
  await context.trigger('full')
  process.umask(0)
  mkdirSync(join(folder, 'by-a-program'))
  writeFileSync(join(folder, 'by-a-program', 'tool.out'), 'x')
  writeFileSync(join(folder, 'tool.out'), 'x')
}
export const many = async (context, { sample }) => {
  const folder = evidenceOf(context, sample)
  mkdirSync(join(folder, '0_files', 'deeper'), { recursive: true })
  for (let n = 0; n < 2000; n++) writeFileSync(join(folder, '0_files', n % 2 ? 'deeper' : '', String(n)), 'x')
  for (const name of ['disk', 'memory', 'network', 'yara']) writeFileSync(join(folder, context.identifier + '_' + name), 'x')
}
export const nothing = async () => undefined
`

const HOOK = `
import { Hook } from '@see/core'
import { writeEvidence } from '@see/hooks'
import { join } from 'node:path'
export class Writes extends Hook {
  setup() {
    const path = join(this.configuration.results_folder, 'report.json')
    this.context.subscribe('full', () => writeEvidence(path, JSON.stringify({ text: 'x'.repeat(100_000) })))
  }
}
`

function prepare(protocol: string, ...argv: string[]) {
  const folder = temporaryFolder()
  const resources = writeEmbeddedResources(folder)
  writeFileSync(join(folder, 'protocol.mjs'), PROTOCOL)
  writeFileSync(join(folder, 'hook.mjs'), HOOK)
  writeFileSync(join(folder, 'sample'), '')
  writeFileSync(
    join(folder, 'hooks.json'),
    JSON.stringify({ hooks: [{ name: '@see/hooks#TimelineHook' }, { name: './hook.mjs#Writes' }] }),
  )
  const sample = join(folder, 'sample')
  const words = [
    'run',
    resources,
    sample,
    '--hooks',
    'hooks.json',
    '--protocol',
    `./protocol.mjs#${protocol}`,
  ]
  return { folder, words: [...words, ...argv] }
}

/** A real disk of 300 KiB. */
function smallDisk(path: string): void {
  mkdirSync(path)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=300k', 'tmpfs', path])
  onTestFinished(() => void execFileSync('umount', [path]))
}

const modeOf = (path: string): string => (lstatSync(path).mode & 0o777).toString(8)

test('on a full disk there is a whole run.json, no half a file, and each loss is named', async () => {
  const { folder, words } = prepare('fill')
  smallDisk(join(folder, 'results'))
  const { exitCode, error } = await startSee(folder, words).ended
  expect(exitCode).toBe(3)
  const [identifier = ''] = readdirSync(join(folder, 'results'))
  const evidence = join(folder, 'results', identifier)
  const text = readFileSync(join(evidence, 'run.json'), 'utf8')
  expect(JSON.parse(text)).toMatchObject({
    ok: false,
    exit_code: 3,
    failures: [{ event: 'full', message: expect.stringContaining('the disk is full') }],
    error: { message: expect.stringContaining('the disk is full') },
  })
  expect(error).toContain('report.json: the disk is full')
  expect(readdirSync(evidence).toSorted()).toEqual(
    ['filling', `${identifier}_timeline.jsonl`, 'manifest.json', 'run.json'].toSorted(),
  )
})

test('a results folder that is removed during the run: said what happened, exit code 3', async () => {
  const { folder, words } = prepare('remove', '--json')
  const { exitCode, out, error } = await startSee(folder, words).ended
  expect(exitCode).toBe(3)
  const why = 'was removed or renamed during the run'
  expect(error).toMatch(new RegExp(`see: cannot write \\S+/run.json: the folder \\S+ ${why}`))
  expect(JSON.parse(out)).toMatchObject({
    exit_code: 3,
    files: [],
    failures: [{ message: expect.stringContaining(why) }],
    error: { code: 'RESULTS_LOST', message: expect.stringContaining(why) },
  })
})

test.each(['/proc/x', '/proc/self/x/y', '/sys/x', '/sys/fs/cgroup/x', '/dev/pts/x', '/proc', '/dev/null/x'])(
  'results in %s are refused before anything is made',
  { timeout: 10_000 },
  async (results) => {
    const { folder, words } = prepare('nothing', '--results', results)
    const { exitCode, error } = await startSee(folder, words).ended
    expect(exitCode).toBe(1)
    expect(error).toMatch(/see: the results folder \/(proc|sys|dev)\S* cannot be (made|written): /)
    expect(existsSync(join(folder, 'instances'))).toBe(false)
  },
)

test.each([
  ['by default for its user only', [], ['700', '600']],
  ['as configured', ['--results-mode', '640'], ['750', '640']],
])('evidence is %s, whatever the umask and the writer', async (_what, argv, [folderMode, fileMode]) => {
  const { folder, words } = prepare('open', ...argv)
  const prefix = ['sh', '-c', 'umask 0; exec "$0" "$@"']
  const { exitCode } = await startSee(folder, words, { prefix }).ended
  expect(exitCode).toBe(0)
  const results = join(folder, 'results')
  const [identifier = ''] = readdirSync(results)
  const evidence = join(results, identifier)
  const entries = readdirSync(evidence, { recursive: true, withFileTypes: true })
  expect(entries).toHaveLength(8)
  const wrong = entries.filter(
    (entry) => modeOf(join(entry.parentPath, entry.name)) !== (entry.isDirectory() ? folderMode : fileMode),
  )
  expect(wrong.map(({ name }) => name)).toEqual([])
  expect(modeOf(evidence)).toBe(folderMode)
  expect(modeOf(results)).toBe('700')
})

test("the user's own results folder stays as it is", async () => {
  const { folder, words } = prepare('nothing')
  const results = join(folder, 'results')
  mkdirSync(results, { mode: 0o755 })
  writeFileSync(join(results, 'mine'), '', { mode: 0o644 })
  expect((await startSee(folder, words).ended).exitCode).toBe(0)
  expect([modeOf(results), modeOf(join(results, 'mine'))]).toEqual(['755', '644'])
})

test('of 2,000 extracted files the results come first, and what is not listed is counted', async () => {
  const { folder, words } = prepare('many')
  const { exitCode, out } = await startSee(folder, words).ended
  expect(exitCode).toBe(0)
  const [identifier = ''] = readdirSync(join(folder, 'results'))
  const report = JSON.parse(readFileSync(join(folder, 'results', identifier, 'run.json'), 'utf8'))
  const results = ['disk', 'memory', 'network', 'timeline.jsonl', 'yara'].map(
    (name) => `${identifier}_${name}`,
  )
  const paths = report.files.map(({ path }: { path: string }) => path)
  expect(paths.slice(0, 6)).toEqual([...results, '0_files/0'])
  expect(paths).toHaveLength(1000)
  expect(report.files_omitted).toBe(2005 - 1000)
  const shown = out.split('\n').filter((line) => /^ +\d+(\.\d+)? (B|KiB) /.test(line))
  expect(shown).toHaveLength(12)
  for (const name of results) expect(out).toContain(`  ${name}\n`)
  expect(out).toContain('… 1993 more files\n')
})
