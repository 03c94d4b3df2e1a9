import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { test } from 'vitest'
import { temporaryFolder } from '../../testing/temporary-folder.ts'
import { SPENT, UNWATCHED, WATCHED } from './watched-listing.ts'

/** What the last argument of fls makes it do. */
const FLS = `#!/bin/sh
for how; do :; done
case $how in
  silent) exec sleep 60 ;;
  slow) for line in 1 2 3 4 5 6; do echo "$line"; sleep 0.9; done ;;
  *) echo "$how" ;;
esac
`

interface Bounds {
  /** Half seconds of silence. */
  readonly silence: number
  readonly whole?: number
}

/** Lists one after the other, and returns how each ended, what it said, and how long all took. */
async function listed(names: readonly string[], { silence, whole = 30 }: Bounds) {
  await using temporary = await temporaryFolder()
  writeFileSync(join(temporary.path, 'fls'), FLS, { mode: 0o755 })
  const script = `${WATCHED}
most=1000
while [ $# -gt 0 ]; do listed "$#" "$#" "$1" >/dev/null; shift; done
${UNWATCHED}`
  const words = [silence, 20, whole].map(String)
  const started = performance.now()
  await promisify(execFile)('sh', ['-c', script, 'sh', ...words, ...names], {
    cwd: temporary.path,
    env: { PATH: `${temporary.path}:${process.env['PATH']}` },
  })
  const ms = performance.now() - started
  const read = (name: string) => readFileSync(join(temporary.path, name), 'utf8').trim()
  const found = names.map((_name, index) => String(names.length - index))
  const codes = found.map((name) => Number(read(`${name}.code`)))
  return { codes, lists: found.map((name) => read(`${name}.raw`)), spent: Number(read(SPENT)), ms }
}

test.concurrent('a listing in which nothing comes is ended, and the next one goes on', async ({ expect }) => {
  const { codes, lists, spent, ms } = await listed(['silent', 'a'], { silence: 8 })
  expect(codes).toEqual([143, 0])
  expect(lists).toEqual(['', 'a'])
  expect(spent).toBe(5)
  expect(ms).toBeGreaterThan(1900)
  expect(ms).toBeLessThan(10_000)
})

test.concurrent('a slow one that goes on talking is kept', async ({ expect }) => {
  const { codes, lists, spent } = await listed(['slow'], { silence: 4 })
  expect(codes).toEqual([0])
  expect(lists[0]?.split('\n')).toHaveLength(6)
  expect(spent).toBe(0)
})

test.concurrent('any number of silent ones cost no more than one', async ({ expect }) => {
  const names = Array.from({ length: 12 }, () => 'silent')
  const { codes, spent, ms } = await listed([...names, 'a'], { silence: 8 })
  expect(codes).toEqual([...names.map(() => 143), 143])
  expect(spent).toBe(8)
  expect(ms).toBeLessThan(4000 + 6000)
})

test.concurrent('those to which the time of all did not suffice are not begun', async ({ expect }) => {
  const { codes, ms } = await listed(['silent', 'a'], { silence: 1000, whole: 2 })
  expect(codes).toEqual([124, 124])
  expect(ms).toBeLessThan(10_000)
})

test.concurrent('many short ones take no time of the watch', async ({ expect }) => {
  const names = Array.from({ length: 50 }, (_, index) => `name${index}`)
  const { codes, lists, spent } = await listed(names, { silence: 50 })
  expect(new Set(codes)).toEqual(new Set([0]))
  expect(lists).toEqual(names)
  expect(spent).toBe(0)
})
