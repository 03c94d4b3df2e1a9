import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LONGEST_SOCKET_PATH } from '@see/qemu'
import { messageOf, SeeError } from '../common/errors.ts'
import { GuestAgent } from '../guest-agent/guest-agent.ts'
import { assertRoom } from '../host/free-space.ts'
import { releaseAfter } from '../common/release-stack.ts'
import { requireTool } from '../host/required-tool.ts'
import { runBounded } from '../host/bounded-process.ts'
import { blockFileName, type ImageLayer } from '../contract/block-node.ts'
import { qcow2References } from '../disks/qcow2-references.ts'
import { isOfFullDisk, runQemuImg } from '../disks/qemu-img.ts'
import { factsOf } from '../templates/file-facts.ts'
import type { Freezable } from '../templates/freezable.ts'
import { freezeFileSystems } from '../templates/file-systems.ts'
import { freeze } from './freeze.ts'
import type { FreezableSandbox } from '../contract/provider.ts'
import type { BuildTemplateOptions } from './build-template-options.ts'
import { assertTakesIdentity } from '../templates/identity.ts'
import { assertMemoryStays } from '../templates/memory-devices.ts'
import type { TemplateManifest } from '../templates/manifest.ts'
import { templateFiles } from '../templates/template-files.ts'
import { templateError } from '../templates/template-error.ts'
import { TemplateStore } from '../templates/template-store.ts'
import { untilAddressed } from '../templates/until-addressed.ts'
import { writeManifest } from '../templates/write-manifest.ts'

const MIB = 1024 * 1024
/**
 * What a guest has begun when it has its address: scripts of its DHCP client, and IPv6, which looks for duplicates for up to
 * two seconds (RFC 4862) and then reports its groups twice, each time up to a second later (RFC 3810). A clone would send
 * what is left of that by the template's address.
 */
const SETTLE_MS = 5000
/** The least time that a guest that has booted gets until it waits for its identity. */
const IDENTITY_MS = 10_000
/** For what the freeze of the file systems itself has set off. */
const FROZEN_MS = 500
/** For QEMU to end. */
const OFF_MS = 60_000
const code = 'TEMPLATE_BUILD' as const

interface TemplateSource {
  readonly name: string
  readonly resources: string
}

/** Boots the guest, freezes it, and writes the template into a folder. @throws SeeError as `buildTemplate` does */
export async function bootAndFreeze(
  target: string,
  { sandbox, identity }: FreezableSandbox<Freezable>,
  work: TemplateSource,
  options: BuildTemplateOptions,
): Promise<void> {
  const { signal } = options
  try {
    await sandbox.allocate({ signal })
    const told = { ...work, ...(await freezeIn(target, sandbox, identity, work, options)) }
    await writeManifest(target, told, sandbox.templateGroup, signal)
  } catch (error) {
    const failure =
      error instanceof SeeError || signal.aborted
        ? error
        : templateError('TEMPLATE_BUILD', work.name, messageOf(error), error)
    return await releaseAfter(failure, () => sandbox.deallocate())
  }
  await sandbox.deallocate()
}

async function freezeIn(
  target: string,
  sandbox: Freezable,
  identity: boolean,
  { name }: TemplateSource,
  { signal, timeoutMs, progress, logger }: BuildTemplateOptions,
): Promise<Pick<TemplateManifest, 'inputs' | 'machine' | 'identity' | 'card' | 'boot_ms' | 'at_rest'>> {
  const { domain, diskFile, abilities } = sandbox
  if (diskFile === undefined) throw templateError('TEMPLATE_BUILD', name, 'the resources file has no "disk"')
  const socketPath = join(dirname(diskFile), 'state')
  if (Buffer.byteLength(socketPath) > LONGEST_SOCKET_PATH) {
    const why = `the path ${socketPath} is too long for a socket: choose a shorter disk.clone.storage_pool_path`
    throw templateError('TEMPLATE_BUILD', name, why)
  }
  const memory = join(target, templateFiles.memory)
  await reserve(memory, sandbox, signal)
  const { backing } = await qcow2References(diskFile)
  progress('booting the guest')
  const began = performance.now()
  const took = () => performance.now() - began
  const left = () => Math.max(1, timeoutMs - took())
  await domain.create({ signal, timeoutMs })
  await assertMemoryStays(sandbox.monitor, signal)
  const agent = new GuestAgent(abilities.agent?.channel)
  await agent.waitUntilReady({ timeoutMs, signal })
  progress('waiting until it has settled')
  if (sandbox.macAddress !== undefined) await untilAddressed(domain, { timeoutMs: left(), signal })
  // A guest that never waits for it is reported before the whole time is over.
  const identityMs = Math.min(left(), Math.max(IDENTITY_MS, took()))
  const way = identity ? await identityWay(sandbox, identityMs, signal) : null
  const bootMs = Math.ceil(took())
  // Whatever the guest still has to do when it is frozen, each clone does.
  await sleep(SETTLE_MS, undefined, { signal })
  const unrest = await freezeFileSystems(abilities.agent?.channel, left())
  if (unrest !== undefined) {
    logger.warn(`the disk of template ${JSON.stringify(name)} may not be at rest: ${unrest}`)
    await agent.exec(['sync'], { timeoutMs: left(), signal })
  }
  await sleep(FROZEN_MS, undefined, { signal })
  progress('freezing it')
  const machine = await sandbox.templateMachine()
  const statePath = join(target, templateFiles.state)
  await freeze(sandbox.monitor, { socketPath, statePath, diskFile, timeoutMs: left(), signal })
  await domain.destroy({ timeoutMs: OFF_MS })
  progress('writing its disk')
  const now = await qcow2References(diskFile)
  if (now.backing !== backing || now.hasDataFile) {
    throw templateError('TEMPLATE_BUILD', name, 'its disk leads to other files than before the guest ran')
  }
  const image = backing === '' ? undefined : (await abilities.disk?.first())?.image
  const disk = { path: diskFile, format: 'qcow2', backing: image }
  await flatten(disk, join(target, templateFiles.disk), signal)
  await makeOverlay(target, join(new TemplateStore().root, name), signal)
  progress('computing checksums')
  const inputs = await Promise.all(
    sandbox.inputs.map(async (path) => ({ path, ...(await factsOf(path, signal)) })),
  )
  const { macAddress, subnet = null } = sandbox
  const card = macAddress === undefined ? null : { mac_address: macAddress, subnet }
  return { inputs, machine, identity: way, card, boot_ms: bootMs, at_rest: unrest === undefined }
}

/** Where the guest waits for its identity. @throws SeeError `TEMPLATE_IDENTITY` when it does not */
async function identityWay(
  sandbox: Freezable,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<TemplateManifest['identity']> {
  if (await sandbox.hasOpenIdentityPort()) return 'port'
  await assertTakesIdentity(sandbox.abilities.agent?.channel, { timeoutMs, signal })
  return 'agent'
}

/** Missing room is reported before the guest runs: QEMU would be killed for it half way. */
async function reserve(path: string, sandbox: Freezable, signal: AbortSignal): Promise<void> {
  const { templateGroup } = sandbox
  const bytes = (await sandbox.memoryMib()) * MIB
  await assertRoom(path, bytes, 'the memory of the template')
  const mode = templateGroup === undefined ? 0o600 : 0o660
  {
    await using file = await open(path, 'wx', mode)
    if (templateGroup !== undefined) await file.chown(0, templateGroup)
    await file.chmod(mode)
  }
  const fallocate = await requireTool('fallocate', 'util-linux')
  const late = () => new SeeError('TEMPLATE_BUILD', `the room for ${path} was not reserved in time`)
  const argv: [string, ...string[]] = [fallocate, '--length', String(bytes), path]
  const { exitCode, stderr } = await runBounded(
    argv,
    { stdin: '', maxOutputBytes: 4096, env: {}, timeoutMs: 60_000, signal },
    late,
  )
  if (exitCode === 0) return
  const said = stderr.toString().trim()
  if (isOfFullDisk(said)) {
    throw new SeeError('DISK_FULL', `there is no room for ${path}: ${said}; make room there`)
  }
  const advice = 'keep templates on another file system, at which SEE_TEMPLATES points'
  throw new SeeError('TEMPLATE_BUILD', `no room can be reserved for ${path}: ${said}; ${advice}`)
}

/** The disk as it was frozen, on its own feet. */
async function flatten(disk: ImageLayer, target: string, signal: AbortSignal): Promise<void> {
  await runQemuImg(['convert', '-q', '-O', 'qcow2', blockFileName(disk), target], { target, code, signal })
}

/** An empty overlay of the disk in `folder`, where the disk will be once the template is complete. */
async function makeOverlay(target: string, folder: string, signal: AbortSignal): Promise<void> {
  const [disk, overlay] = [join(target, templateFiles.disk), join(target, templateFiles.overlay)]
  const options = { target: overlay, code, signal }
  await runQemuImg(['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', disk, overlay], options)
  const backing = join(folder, templateFiles.disk)
  await runQemuImg(['rebase', '-u', '-f', 'qcow2', '-F', 'qcow2', '-b', backing, overlay], options)
}
