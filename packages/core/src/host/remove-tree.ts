import { childEnvironment } from '@see/qemu/child-environment'
import { runBounded } from './bounded-process.ts'

/** What a guest left may be much. */
const TIMEOUT_MS = 120_000
const OUTPUT_BYTES = 1000
/** Programs at a time, so that a large folder does not hold up small ones. */
const SIDE_BY_SIDE = 4
/** Folders of one program. */
const MOST = 64

interface Removal {
  readonly folder: string
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

const waiting: Removal[] = []
let running = 0

/**
 * Removes a folder with all that is in it, if it is there: by rm(1), which follows no link that is put there
 * meanwhile, and also removes folders nested so deep that their path is too long for a system call. Those that wait for
 * their turn share one.
 * @throws Error with what rm said
 */
export function removeTree(folder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    waiting.push({ folder, resolve, reject })
    if (running < SIDE_BY_SIDE) void removeWaiting()
  })
}

async function removeWaiting(): Promise<void> {
  running++
  for (let some = waiting.splice(0, MOST); some.length > 0; some = waiting.splice(0, MOST)) {
    await removeTogether(some)
  }
  running--
}

/** Where that fails, each is removed alone, so that each has its own error. */
async function removeTogether(some: readonly Removal[]): Promise<void> {
  try {
    await runRm(some.map(({ folder }) => folder))
    for (const { resolve } of some) resolve()
  } catch (error) {
    const [first, ...others] = some
    if (others.length === 0) return first?.reject(error)
    for (const each of some) await runRm([each.folder]).then(each.resolve, each.reject)
  }
}

async function runRm(folders: readonly string[]): Promise<void> {
  const bounds = {
    stdin: '',
    timeoutMs: TIMEOUT_MS,
    maxOutputBytes: OUTPUT_BYTES,
    env: childEnvironment(),
    signal: undefined,
  }
  const argv = ['/bin/rm', '-rf', '--one-file-system', '--', ...folders] as const
  const timedOut = () => new Error(`removing ${folders.join(', ')} took longer than ${TIMEOUT_MS} ms`)
  const { exitCode, stderr } = await runBounded(argv, bounds, timedOut)
  if (exitCode !== 0) throw new Error(stderr.toString().trim())
}
