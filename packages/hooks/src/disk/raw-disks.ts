import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { blockNode, type ImageLayer, SeeError, poll, type TemporaryFolder, temporaryFolder } from '@see/core'
import { requireHookTool } from '../processes/required-tool.ts'
import { TetheredProcess } from '../processes/tethered-process.ts'

const START_MS = 30_000
const POLL_MS = 5
const STOP_MS = 10_000

/**
 * Images as raw files, without a copy: mounted by qemu-storage-daemon in a mount namespace of its own. The mounts go with
 * its last process, and the daemon goes with this process, however it ends.
 */
export class RawDisks implements AsyncDisposable {
  /** The raw files, in the order of the images; they are there in the mount namespace only. */
  readonly paths: readonly string[]
  readonly #folder: TemporaryFolder
  readonly #daemon: TetheredProcess

  private constructor(paths: readonly string[], folder: TemporaryFolder, daemon: TetheredProcess) {
    this.paths = paths
    this.#folder = folder
    this.#daemon = daemon
  }

  /** @throws SeeError `TOOL_FAILED` or `TOOL_MISSING` */
  static async open(images: readonly ImageLayer[], signal: AbortSignal): Promise<RawDisks> {
    const tool = await requireHookTool('qemu-storage-daemon')
    const unshare = await requireHookTool('unshare')
    const folder = await temporaryFolder('see-disks-')
    try {
      const paths = images.map((_image, index) => join(folder.path, `disk${index}`))
      for (const path of paths) await writeFile(path, '', { mode: 0o600 })
      const pidFile = join(folder.path, 'pid')
      const exports = images.flatMap((image, index) =>
        exportArguments(image, `disk${index}`, paths[index] ?? ''),
      )
      const daemon = await TetheredProcess.start([
        unshare,
        ...(process.getuid?.() === 0 ? [] : ['--user', '--map-current-user', '--keep-caps']),
        '--mount',
        '--propagation',
        'private',
        '--',
        tool,
        ...exports,
        '--pidfile',
        pidFile,
      ])
      daemon.stdout.resume()
      try {
        await ready(daemon, pidFile, signal)
      } catch (error) {
        await daemon.stop(0)
        throw error
      }
      return new RawDisks(paths, folder, daemon)
    } catch (error) {
      await folder[Symbol.asyncDispose]()
      throw error
    }
  }

  /** A process in the mount namespace in which the raw files are. */
  get pid(): number {
    return this.#daemon.pid
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon.stop(STOP_MS)
    await this.#folder[Symbol.asyncDispose]()
  }
}

/** Format and backing chain are passed explicitly: a guest may have written the content. */
function exportArguments(image: ImageLayer, name: string, mountpoint: string): string[] {
  const node = { 'node-name': name, 'read-only': true, ...blockNode(image) }
  const fuse = { type: 'fuse', id: name, 'node-name': name, mountpoint, writable: false, 'allow-other': 'on' }
  return ['--blockdev', JSON.stringify(node), '--export', JSON.stringify(fuse)]
}

/** It writes its number when all is exported. */
async function ready(daemon: TetheredProcess, pidFile: string, signal: AbortSignal): Promise<void> {
  await poll(
    async () => {
      if (!daemon.isRunning) throw await daemon.failure()
      return (await readFile(pidFile, 'utf8').catch(() => '')) === '' ? undefined : true
    },
    () => new SeeError('TOOL_FAILED', `qemu-storage-daemon did not export the disks within ${START_MS} ms`),
    { timeoutMs: START_MS, intervalMs: POLL_MS, signal },
  )
}
