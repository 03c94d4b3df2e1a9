import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, SeeError } from '@see/core'

/** Where `see run` puts its evidence without `--results`. */
const RESULTS = 'results'

/**
 * The folder of the evidence that a page is made of.
 * @param dir the folder as it was given; without one, the newest run in `results`
 * @throws SeeError `FILE_UNREADABLE`
 */
export async function evidenceFolder(dir: string | undefined): Promise<string> {
  if (dir === undefined) return await newestRun()
  const facts = await stat(dir).catch((error: unknown) => {
    throw new SeeError('FILE_UNREADABLE', `the folder ${dir} cannot be read: ${messageOf(error)}`, {
      cause: error,
    })
  })
  if (!facts.isDirectory()) {
    throw new SeeError(
      'FILE_UNREADABLE',
      `${dir} is not a folder: name the folder that the evidence of a run is in`,
    )
  }
  return dir
}

async function newestRun(): Promise<string> {
  const runs = await runsIn(RESULTS)
  const [newest] = runs.toSorted((one, other) => other.changedMs - one.changedMs)
  if (newest !== undefined) return newest.path
  throw new SeeError(
    'FILE_UNREADABLE',
    `there is no run in ${RESULTS}/ of this folder: name the folder of the evidence`,
  )
}

/** The folders in a folder that have a manifest, and when that was last written. */
export async function runsIn(
  folder: string,
): Promise<{ readonly path: string; readonly changedMs: number }[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const runs = []
  for (const entry of entries) {
    const path = join(folder, entry.name)
    const facts = await stat(join(path, 'manifest.json')).catch(() => undefined)
    if (facts?.isFile() === true) runs.push({ path, changedMs: facts.mtimeMs })
  }
  return runs
}
