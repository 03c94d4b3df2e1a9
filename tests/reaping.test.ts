import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './support/documents.ts'

const reaping = join(root, 'scripts/reaping.pl')

function parentOf(pid: string): string {
  const [, parent = ''] = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return parent
}

test('what a daemon lets go of is reaped at once, and with the last of it the reaper ends', async () => {
  const daemon = 'sleep 1 >/dev/null 2>&1 & echo $!'
  const orphan = execFileSync('perl', [reaping, 'sh', '-c', daemon], { encoding: 'utf8' }).trim()
  const reaper = parentOf(orphan)
  expect(readFileSync(`/proc/${reaper}/cmdline`, 'utf8')).toContain(reaping)
  // Of the reaper's own end nobody may tell for a while.
  const isThere = () => existsSync(`/proc/${orphan}`) || !/^State:\s+Z/m.test(statusOf(reaper))
  await expect.poll(isThere, { timeout: 5000 }).toBe(false)
})

/** That of one who is gone is that of a zombie. */
function statusOf(pid: string): string {
  const path = `/proc/${pid}/status`
  return existsSync(path) ? readFileSync(path, 'utf8') : 'State:\tZ'
}

test('a daemon that does not start is told of', () => {
  expect(spawnSync('perl', [reaping, 'sh', '-c', 'exit 7']).status).toBe(1)
  const { status, stderr } = spawnSync('perl', [reaping, '/nowhere'], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([1, expect.stringContaining('cannot run /nowhere')])
})
