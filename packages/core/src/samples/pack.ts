import { join } from 'node:path'
import { childEnvironment } from '@see/qemu/child-environment'
import { SeeError } from '../common/errors.ts'
import { temporaryFolder } from '../ledger/temporary-folder.ts'
import { requireTool } from '../host/required-tool.ts'
import { runBounded } from '../host/bounded-process.ts'

const TIMEOUT_MS = 120_000
/** The host's users mean nothing in the guest; files that tar has seen already are packed as files again. */
const OPTIONS = [
  '--create',
  '--owner=0',
  '--group=0',
  '--numeric-owner',
  '--hard-dereference',
  '--format=gnu',
]

const timedOut = () => new SeeError('FILE_UNREADABLE', 'the sample could not be packed in time')

/** A file made by tar, which is gone when it is disposed of. */
export interface Packed extends AsyncDisposable {
  readonly path: string
}

/**
 * Packs files of this host by tar.
 * @param what more options and the paths
 * @throws SeeError `FILE_UNREADABLE` with what tar said, or `TOOL_MISSING`
 */
export async function pack(what: readonly string[], signal: AbortSignal | undefined): Promise<Packed> {
  const tar = await requireTool('tar', 'tar')
  const folder = await temporaryFolder('see-pack-')
  const remove = () => folder[Symbol.asyncDispose]()
  const path = join(folder.path, 'packed.tar')
  try {
    const options = {
      timeoutMs: TIMEOUT_MS,
      maxOutputBytes: 2000,
      stdin: '',
      env: childEnvironment(),
      signal,
    }
    const { exitCode, stderr } = await runBounded([tar, ...OPTIONS, '-f', path, ...what], options, timedOut)
    if (exitCode === 0) return { path, [Symbol.asyncDispose]: remove }
    const said = stderr.toString().trim().slice(0, 500)
    throw new SeeError('FILE_UNREADABLE', `the sample could not be packed: ${said}`)
  } catch (error) {
    await remove()
    throw error
  }
}
