import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseManifest, readEvidence, readFile } from '@see/evidence'
import { folderSource } from '@see/runner'
import { beforeAll, expect, test } from 'vitest'
import { sharedTemplate } from './support/shared-template.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const see = fileURLToPath(new URL('../packages/cli/dist/see.js', import.meta.url))
const WAIT_MS = 60_000

let resources = ''
beforeAll(async () => void (resources = await sharedTemplate('embedded')), 150_000)

/** The folder of a run that was killed while its sample printed a line each second. */
async function killedRun(): Promise<string> {
  const folder = temporaryFolder()
  const sample = join(folder, 'sample.sh')
  const script = '#!/bin/sh\ni=0; while :; do i=$((i+1)); echo "line $i"; sleep 1; done\n'
  writeFileSync(sample, script, { mode: 0o755 })
  const results = join(folder, 'results')
  const argv = [see, 'run', resources, sample, '--runtime', '600', '--results', results]
  // What it had there when it was killed goes with the folder.
  const env = { ...process.env, TMPDIR: folder }
  const child = spawn(process.execPath, argv, { env, stdio: 'ignore' })
  const exited = once(child, 'exit')
  try {
    const printed = () => {
      const [identifier = ''] = existsSync(results) ? readdirSync(results) : []
      const manifest = join(results, identifier, 'manifest.json')
      if (!existsSync(manifest)) return ''
      const { files } = parseManifest(readFileSync(manifest))
      const output = files.find(({ kind }) => kind === 'command_stdout')
      return output === undefined ? '' : readFileSync(join(results, identifier, output.path), 'utf8')
    }
    await expect.poll(printed, { timeout: WAIT_MS, interval: 200 }).toContain('line 2\n')
  } finally {
    child.kill('SIGKILL')
    await exited
  }
  return join(results, readdirSync(results)[0] ?? '')
}

test('the folder of a run that was killed is read, and what is missing is said', {
  timeout: 90_000,
}, async () => {
  const folder = await killedRun()
  const source = folderSource(folder)
  const { version, manifest, timeline, missing } = await readEvidence(source)
  expect(version).toBe(2)
  expect(manifest.complete).toBe(false)
  const states = manifest.files.map(({ kind, state }) => `${kind} ${state}`)
  expect(states).toEqual(
    expect.arrayContaining(['timeline growing', 'command_stdout growing', 'command_record growing']),
  )
  expect(states.some((each) => each.startsWith('run_report'))).toBe(false)
  expect(missing[0]).toBe('the end of the run: it was killed, or goes on')
  expect(missing).toContainEqual(
    expect.stringMatching(/^the end of \S+_command_1\.stdout, which was being written/),
  )

  // What was going on: the sample, whose handler has begun and not ended.
  const lines = timeline?.lines ?? []
  const event = lines.find((line) => line.type === 'event' && line.name === 'run_sample')
  const background = lines
    .filter((line) => line.type !== 'event')
    .filter(({ sequence, handler }) => sequence === event?.sequence && handler.endsWith('.runInBackground'))
  expect(background.map(({ type }) => type)).toEqual(['handler_start'])

  const record = manifest.files.find(({ kind }) => kind === 'command_record')
  const read = record === undefined ? undefined : await readFile(source, record)
  expect(read).toMatchObject({ kind: 'command_record', value: { status: 'running', exit_code: null } })
  const output = manifest.files.find(({ kind, of }) => kind === 'command_stdout' && of === record?.path)
  const said = await source.read(output?.path ?? '', 1000)
  expect(Buffer.from(said ?? []).toString()).toMatch(/^line 1\nline 2\n/)
})
