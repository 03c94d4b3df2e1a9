import { childEnvironment } from '@see/qemu/child-environment'
import { runBounded } from './bounded-process.ts'

/** What a guest left may be much. */
const TIMEOUT_MS = 120_000
const OUTPUT_BYTES = 1000

/**
 * Removes a folder with all that is in it, if it is there: by rm(1), which follows no link that is put there
 * meanwhile, and also removes folders nested so deep that their path is too long for a system call.
 * @throws Error with what rm said
 */
export async function removeTree(folder: string): Promise<void> {
  const bounds = {
    stdin: '',
    timeoutMs: TIMEOUT_MS,
    maxOutputBytes: OUTPUT_BYTES,
    env: childEnvironment(),
    signal: undefined,
  }
  const argv = ['/bin/rm', '-rf', '--one-file-system', '--', folder] as const
  const timedOut = () => new Error(`removing ${folder} took longer than ${TIMEOUT_MS} ms`)
  const { exitCode, stderr } = await runBounded(argv, bounds, timedOut)
  if (exitCode !== 0) throw new Error(stderr.toString().trim())
}
