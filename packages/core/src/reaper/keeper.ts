import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { childEnvironment } from '@see/qemu/child-environment'
import { onOwner, type OwnerListener } from '../ledger/owner.ts'

/** The shell of every Unix; as small as a process can be. */
export const KEEPERS_SHELL = '/bin/sh'

/**
 * It reads from a pipe that only this process writes to, and never does: the end of file is this process's end, however it
 * came. Where a ledger names the process as its owner, the shell becomes the reaper of what it left; one that had not got its
 * name yet is of nothing.
 */
const SCRIPT = `read -r end
rm -f "$1"/*.jsonl."\${2##*/}"
for each in "$1"/*.jsonl; do
  [ -f "$each" ] && read -r head <"$each" || continue
  case $head in *"\\"$2\\""*) exec "$3" "$4" "$1" "$2" ;; esac
done`

const PROGRAM = fileURLToPath(new URL('./keeper-main.js', import.meta.url))

let isListening = false

/**
 * From now on, what this process makes does not outlive it by more than a moment: its first thing comes with a keeper, a
 * shell of its own that waits for the end of this process. It costs two milliseconds and 0.1 MiB; where there is no
 * shell, what is left waits for `see reap`.
 */
export function keepFromNowOn(): void {
  if (isListening) return
  isListening = true
  onOwner(startKeeper)
}

/** @returns what ends it */
const startKeeper: OwnerListener = ({ socket }, folder) => {
  if (!existsSync(KEEPERS_SHELL)) return () => undefined
  const argv = ['-c', SCRIPT, 'see-keeper', folder, socket, process.execPath, PROGRAM]
  const keeper = spawn(KEEPERS_SHELL, argv, {
    cwd: '/',
    // A session of its own: what kills this process's group, or closes its terminal, spares it.
    detached: true,
    env: childEnvironment(),
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  keeper.on('error', () => undefined)
  keeper.stdin.on('error', () => undefined)
  keeper.unref()
  return () => void keeper.stdin.end()
}
