import { readFileSync, rmSync, writeFileSync } from 'node:fs'

/**
 * Takes a lock file, which names its owner's process. False if a living process has it. The lock of a dead one is taken
 * over; two processes doing so at the same moment may both succeed, so it saves work and guards nothing.
 */
export function takeLockFile(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    if (isAlive(Number(readIfThere(path)))) return false
    rmSync(path, { force: true })
    return takeLockFile(path)
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it is there, and another user's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
