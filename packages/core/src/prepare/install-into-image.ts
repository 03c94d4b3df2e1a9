import { randomUUID } from 'node:crypto'
import { lstat, rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { blockFileName } from '../contract/block-node.ts'
import { qcow2References } from '../disks/qcow2-references.ts'
import { messageOf, SeeError } from '../common/errors.ts'
import { GuestAgent } from '../guest-agent/guest-agent.ts'
import { releaseAfter } from '../common/release-stack.ts'
import { EnvironmentLedger } from '../ledger/environment-ledger.ts'
import { EmbeddedResources } from '../providers/embedded/embedded.ts'
import { runQemuImg } from '../disks/qemu-img.ts'
import { untilReady } from '../guest-agent/until-ready.ts'
import type { PrepareOptions } from './prepare-options.ts'
import { MOST_OUTPUT_BYTES, type PreparedGuest, preparedGuest, unprepared } from './prepared-guest.ts'

const MEMORY_MIB = 512
/** For QEMU to end. */
const OFF_MS = 60_000

/**
 * Installs what SEE needs into a copy of the image of a Linux guest: in a guest of our own that has the disk, so that no file
 * system and no program of it meets this host.
 * @throws SeeError `GUEST_UNPREPARED`, `DISK_FULL`, or as an embedded guest's allocation and start do
 */
export async function installIntoImage(
  image: string,
  target: string,
  options: PrepareOptions,
): Promise<PreparedGuest> {
  const { kernel, initrd, logger } = options
  if (await exists(target))
    throw unprepared(image, `${target} is there already: remove it, or say another --output`)
  const configuration = EmbeddedResources.schema.parse({
    machine: { kernel, initrd, cmdline: 'quiet panic=10 mitigations=off', memory: MEMORY_MIB },
    disk: { image: resolve(image) },
    network: { mode: 'none' },
  })
  const { keepFromNowOn } = await import('../reaper/keeper.ts')
  keepFromNowOn()
  const ledger = EnvironmentLedger.begin(randomUUID())
  const { identifier } = ledger
  const parameters = { identifier, configuration, folder: process.cwd(), logger, journal: ledger }
  const sandbox = new EmbeddedResources(parameters)
  return await ledger.endAfter(() => installThrough(sandbox, image, target, options))
}

async function installThrough(
  sandbox: EmbeddedResources,
  image: string,
  target: string,
  options: PrepareOptions,
): Promise<PreparedGuest> {
  const { signal, progress } = options
  let prepared: PreparedGuest
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
): Promise<PreparedGuest> {
  const ends = performance.now() + timeoutMs
  await sandbox.domain.create({ signal, timeoutMs })
  const agent = new GuestAgent(sandbox.abilities.agent.channel)
  await untilReady(agent, 'the guest that installs did not boot', { timeoutMs, signal })
  progress('installing')
  const result = await agent.exec(['/sbin/prepare'], {
    timeoutMs: Math.max(1, ends - performance.now()),
    maxOutputBytes: MOST_OUTPUT_BYTES,
    signal,
  })
  await sandbox.domain.destroy({ timeoutMs: OFF_MS })
  return preparedGuest(image, result)
}

/** The disk as it is now, with nothing beneath it. */
async function saveDisk(sandbox: EmbeddedResources, target: string, signal: AbortSignal): Promise<void> {
  const { diskFile } = sandbox
  const disk = await sandbox.abilities.disk.first()
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
