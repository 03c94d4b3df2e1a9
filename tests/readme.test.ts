import { execFileSync } from 'node:child_process'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Environment } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
import { expect, test } from 'vitest'
import { blocks, root, run } from './support/documents.ts'
import { temporaryFolder } from './support/temporary-folder.ts'
import { tinyGuest } from './support/tiny-guest.ts'

const GUEST_MS = 120_000

test('README.md: the first example', { timeout: GUEST_MS }, () => {
  const output = run(blocks('README.md', 'ts')[0], tinyGuest())
  expect(output).toMatch(/the guest has the address \d+\.\d+\.\d+\.\d+\nLinux see-guest/)
  expect(output).toMatch(/post_pause, fired by @see\/core#SeeContext\n$/)
})

test('packages/libvirt: the first example', () => {
  const output = run(blocks('packages/libvirt/README.md', 'ts')[0])
  expect(output).toContain("{ state: 'paused', reason: 1 }")
})

test('packages/qemu: the first example', () => {
  const output = run(blocks('packages/qemu/README.md', 'ts')[0])
  expect(output).toContain("status: 'prelaunch'")
})

test('packages/core: an environment, and a hook with its configuration', () => {
  const [program, hook = ''] = blocks('packages/core/README.md', 'ts')
  const [configuration = ''] = blocks('packages/core/README.md', 'json')
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'my-hook.ts'), hook)
  writeFileSync(join(folder, 'hooks.json'), configuration)
  expect(run(program, folder)).toBe('the guest has 10.0.0.2\n')
})

test('packages/core: a warm pool', () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'hooks.json'), '{ "hooks": [] }')
  expect(run(blocks('packages/core/README.md', 'ts')[2], folder)).toBe('shutoff\nrunning\n')
})

test('packages/runner: a case in a program', () => {
  // Four of the transitions, and one for each file of evidence.
  const [program, guarded] = blocks('packages/runner/README.md', 'ts')
  expect(run(program, temporaryFolder())).toBe('0 6 undefined\n')
  expect(run(guarded, temporaryFolder())).toBe('0\n')
})

test('packages/hooks: the configuration of all hooks', async () => {
  const [configuration = ''] = blocks('packages/hooks/README.md', 'json')
  const folder = temporaryFolder()
  const hooks = { ...JSON.parse(configuration), configuration: { results_folder: folder } }
  await using environment = await Environment.allocate(simulatedFactory(), hooks)
  await environment.context.poweron()
  expect(environment.context.failures).toEqual([])
})

test("packages/cli: a protocol of one's own", { timeout: GUEST_MS }, () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'protocol.ts'), blocks('packages/cli/README.md', 'ts')[0] ?? '')
  cpSync(join(root, 'examples/lifecycle/hello.sh'), join(folder, 'sample.bin'))
  const argv = [
    'run',
    join(tinyGuest(), 'resources.json'),
    'sample.bin',
    '--protocol',
    './protocol.ts#run',
    '--json',
  ]
  const output = execFileSync(join(root, 'node_modules/.bin/see'), argv, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  expect(JSON.parse(output)).toMatchObject({ ok: true, commands: [{ exit_code: 7 }] })
})
