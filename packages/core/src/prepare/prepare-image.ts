import { randomUUID } from 'node:crypto'
import { lstat, rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { blockFileName } from '../disks/block-node.ts'
import { qcow2References } from '../disks/qcow2-references.ts'
import { messageOf, SeeError } from '../errors.ts'
import { GuestAgent } from '../guest-agent/guest-agent.ts'
import type { Logger } from '../logger.ts'
import { quoted } from '../quoted.ts'
import { releaseAfter } from '../release-stack.ts'
import { EmbeddedResources } from '../resources/embedded/embedded.ts'
import { runQemuImg } from '../resources/qemu-img.ts'
import { untilReady } from '../until-ready.ts'

const MEMORY_MIB = 512
const MOST_OUTPUT_BYTES = 64 * 1024
/** Of the program that installs, when the disk has no guest that it knows. */
const NO_GUEST = 3

export interface PrepareOptions {
  /** Kernel and initial RAM disk of the guest that installs: `vmlinuz` and `prepare.initrd` of the tiny guest's folder. */
  readonly kernel: string
  readonly initrd: string
  /** Bound of all that the guest does. */
  readonly timeoutMs: number
  readonly logger: Logger
  readonly signal: AbortSignal
  /** Told what is being done. */
  readonly progress: (message: string) => void
}

export interface PreparedImage {
  /** The name of its distribution, by its own word. */
  readonly guest: string
  readonly done: readonly string[]
  /** What could not be installed, and has to be in the guest by other means. */
  readonly missing: readonly string[]
}

/**
 * Installs what SEE needs into a copy of the image of a Linux guest: in a guest of our own that has the disk, so that no file
 * system and no program of it meets this host.
 * @throws SeeError `GUEST_UNPREPARED`, `DISK_FULL`, or as an embedded guest's allocation and start do
 */
export async function prepareImage(
  image: string,
  target: string,
  options: PrepareOptions,
): Promise<PreparedImage> {
  const { kernel, initrd, logger, signal, progress } = options
  if (await exists(target))
    throw unprepared(image, `${target} is there already: remove it, or say another --output`)
  const configuration = EmbeddedResources.schema.parse({
    machine: { kernel, initrd, cmdline: 'quiet panic=10 mitigations=off', memory: MEMORY_MIB },
    disk: { image: resolve(image) },
    network: { mode: 'none' },
  })
  const sandbox = new EmbeddedResources({
    identifier: randomUUID(),
    configuration,
    folder: process.cwd(),
    logger,
  })
  let prepared: PreparedImage
  try {
    progress('booting a guest that has the disk')
    await sandbox.allocate({ signal })
    prepared = await installIn(sandbox, image, options)
    progress(`writing ${target}`)
    await saveDisk(sandbox, target, signal)
  } catch (error) {
    const failure =
      error instanceof SeeError || signal.aborted ? error : unprepared(image, messageOf(error), error)
    return await releaseAfter(failure, () => sandbox.deallocate())
  }
  await sandbox.deallocate()
  return prepared
}

async function installIn(
  sandbox: EmbeddedResources,
  image: string,
  { timeoutMs, signal, progress }: PrepareOptions,
): Promise<PreparedImage> {
  const ends = performance.now() + timeoutMs
  await sandbox.domain.create()
  const agent = new GuestAgent(sandbox.agentChannel)
  await untilReady(agent, 'the guest that installs did not boot', { timeoutMs, signal })
  progress('installing')
  const { exitCode, stdout, stderr } = await agent.exec(['/sbin/prepare'], {
    timeoutMs: Math.max(1, ends - performance.now()),
    maxOutputBytes: MOST_OUTPUT_BYTES,
    signal,
  })
  await sandbox.domain.destroy()
  const lines = stdout.toString().split('\n')
  const those = (key: string) =>
    lines.filter((line) => line.startsWith(`${key}: `)).map((line) => line.slice(key.length + 2))
  const missing = those('missing')
  if (exitCode === NO_GUEST) throw unprepared(image, `what is missing: ${quoted(missing.join('; '))}`)
  if (exitCode !== 0)
    throw unprepared(image, `it ended with ${exitCode}: ${quoted(stderr.toString().trim())}`)
  return { guest: those('guest')[0] ?? '', done: those('done'), missing }
}

/** The disk as it is now, with nothing beneath it. */
async function saveDisk(sandbox: EmbeddedResources, target: string, signal: AbortSignal): Promise<void> {
  const { diskFile } = sandbox
  const disk = await sandbox.guestDisk()
  if (diskFile === undefined || disk === undefined) throw new Error('there is no disk')
  const { hasDataFile } = await qcow2References(diskFile)
  if (hasDataFile) throw new Error('its disk leads to another file than before the guest ran')
  const part = `${target}.${randomUUID()}.part`
  const layers = { path: diskFile, format: 'qcow2', backing: disk.image }
  try {
    const words = ['convert', '-q', '-O', 'qcow2', blockFileName(layers), part]
    await runQemuImg(words, { target, code: 'GUEST_UNPREPARED', signal })
    await rename(part, target)
  } finally {
    await rm(part, { force: true })
  }
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  )
}

function unprepared(image: string, why: string, cause?: unknown): SeeError {
  return new SeeError('GUEST_UNPREPARED', `${image} could not be prepared: ${why}`, { cause })
}
