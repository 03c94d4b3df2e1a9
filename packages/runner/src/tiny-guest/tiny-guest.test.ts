import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { buildTinyGuest } from './tiny-guest.ts'

async function build(script: string, signal = new AbortController().signal) {
  await using folder = await temporaryFolder()
  const builder = join(folder.path, 'build.sh')
  await writeFile(builder, script)
  const progress: string[] = []
  const guest = buildTinyGuest({ signal, progress: (line) => void progress.push(line) }, builder)
  return await guest.then(
    (path) => ({ path, progress, error: undefined }),
    (error: unknown) => ({ path: undefined, progress, error }),
  )
}

test('reports what the builder does, and where the guest is', async () => {
  const { path, progress } = await build('echo "guest: building" >&2; echo "noise" >&2; echo /a/guest')
  expect({ path, progress }).toEqual({ path: '/a/guest', progress: ['the tiny guest: building'] })
})

test('what is half-made has a folder that goes with the build', async () => {
  const { path } = await build(
    '[ -d "$SEE_GUEST_WORK" ] && : >"$SEE_GUEST_WORK/half" && echo "$SEE_GUEST_WORK"',
  )
  expect(path).toMatch(/\/\.work-[0-9a-f-]{36}$/)
  expect(existsSync(path ?? '/')).toBe(false)
})

test('says why it could not be built', async () => {
  const { error } = await build('echo "guest: error: no mke2fs" >&2; exit 1')
  expect(error).toMatchObject({
    code: 'IMAGE_UNAVAILABLE',
    message: expect.stringContaining('no mke2fs'),
  })
})

test('what cannot be built as it was asked for is no failure of the builder', async () => {
  const { error, progress } = await build('echo "guest: error: no package x" >&2; exit 2')
  expect(error).toMatchObject({
    code: 'CONFIGURATION_INVALID',
    message: 'the tiny guest cannot be built: no package x',
  })
  expect(progress).toEqual([])
})

test('of many lines the reason comes first, then the last of what programs said', async () => {
  const { error } = await build(
    'for i in 1 2 3 4 5; do echo "E: $i" >&2; done; echo "guest: error: no packages" >&2; echo "guest:   look there" >&2; exit 1',
  )
  const message = 'the tiny guest could not be built: no packages\nlook there\nE: 3\nE: 4\nE: 5'
  expect(error).toMatchObject({ code: 'IMAGE_UNAVAILABLE', message })
})

test('stops the builder, and what that started, when aborted', async () => {
  const signal = AbortSignal.timeout(200)
  const { error } = await build('sleep 60 & wait', signal)
  expect(error).toMatchObject({ name: 'TimeoutError' })
})

test('says where the builder is missing', async () => {
  const options = { signal: new AbortController().signal, progress: () => undefined }
  await expect(buildTinyGuest(options, '/nowhere/build.sh')).rejects.toMatchObject({ code: 'TOOL_MISSING' })
})
