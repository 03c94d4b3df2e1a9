import { createWriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type AnyEvent,
  evidenceWarning,
  eventNames,
  Hook,
  type MemoryAbility,
  messageOf,
  requireAbility,
  SeeError,
  timeoutSignal,
  z,
} from '@see/core'
import { elfLength } from './elf-length.ts'
import { fileNameOf } from '../results/file-name.ts'
import { throughNamedPipe } from '../processes/named-pipe.ts'
import { prepareResultsFolder } from '../results/results-folder.ts'

/** Of libvirt's virDomainCoreDumpFlags: the memory alone, in a format that tools know. */
const MEMORY_ONLY = 16
/** For the hypervisor to end a snapshot that was given up. */
const ENDING_MS = 5000

const schema = z.object({
  results_folder: z.string().min(1).describe('The folder for the snapshots; made when it is missing.'),
  memory_snapshots_on_event: eventNames
    .default([])
    .describe('The event or events at which the memory is written; the guest must be paused.'),
  compress_snapshots: z
    .boolean()
    .default(false)
    .describe('Writes kdump-zlib instead of ELF: a sixth of the size, but YARA finds nothing in it.'),
  delete_snapshots: z
    .boolean()
    .default(false)
    .describe('Deletes the snapshots when the environment is deallocated.'),
  timeout: z.number().positive().max(2_147_483).default(600).describe('Seconds that a snapshot may take.'),
})

/** Writes the paused guest's memory at the configured events, as `<identifier>_<event>.elf` or `.kdump`. */
export class MemoryHook extends Hook<typeof schema> {
  static override readonly schema = schema
  readonly #paths: string[] = []
  readonly #counts = new Map<string, number>()
  #folder = ''

  async setup(): Promise<void> {
    const { results_folder, memory_snapshots_on_event } = this.configuration
    requireAbility(this.context, 'memory', { for: 'MemoryHook' })
    this.#folder = await prepareResultsFolder(results_folder)
    for (const event of new Set(memory_snapshots_on_event)) this.context.subscribe(event, this.takeSnapshot)
  }

  override async cleanup(): Promise<void> {
    if (!this.configuration.delete_snapshots) return
    for (const path of this.#paths) await rm(path, { force: true })
  }

  readonly takeSnapshot = async (event: AnyEvent): Promise<void> => {
    const memory = requireAbility(this.context, 'memory', { for: 'MemoryHook' })
    const state = await this.context.state()
    // A crashed guest is as still as a paused one.
    if (state !== 'paused' && state !== 'crashed') {
      throw new SeeError(
        'GUEST_NOT_PAUSED',
        `cannot take a memory snapshot at ${event.name}: the guest is ${state}; choose an event at which it is paused, such as post_pause`,
      )
    }
    const path = join(this.#folder, `${this.identifier}_${this.#numbered(event)}`)
    const part = `${path}.part`
    try {
      await this.#write(memory, part)
      await rename(part, path)
    } catch (error) {
      await rm(part, { force: true })
      throw new SeeError(
        'MEMORY_SNAPSHOT_FAILED',
        `the memory snapshot ${path} could not be written: ${messageOf(error)}`,
        { cause: error },
      )
    }
    this.#paths.push(path)
    this.logger.info({ event: event.name, path }, 'memory snapshot taken')
    await this.#warnIfShort(path)
    await this.context.trigger('memory_snapshot_taken', { path })
  }

  async #write(memory: MemoryAbility, path: string): Promise<void> {
    const { compress_snapshots, timeout } = this.configuration
    const format = compress_snapshots ? 'kdump-zlib' : 'raw'
    const signal = AbortSignal.any([this.context.signal, timeoutSignal(timeout * 1000)])
    // What a guest has in its memory is for nobody else's eyes.
    const target = createWriteStream(path, { flags: 'wx', mode: 0o600 })
    // Aborting closes the pipe, which ends the writing; only of a hypervisor that hangs is the call itself given up.
    const options = { format, flags: MEMORY_ONLY, timeoutMs: timeout * 1000 + ENDING_MS } as const
    await throughNamedPipe(target, (pipe) => memory.dump(pipe, options), signal)
    await assertStartsWith(path, compress_snapshots ? 'makedumpfile' : '\x7fELF')
  }

  /** Its own headers say how long an ELF file is; nothing says so of kdump. */
  async #warnIfShort(path: string): Promise<void> {
    if (this.configuration.compress_snapshots) return
    await using file = await open(path)
    const { size } = await file.stat()
    const wanted = await elfLength(file)
    if (wanted !== undefined && wanted <= size) return
    const why =
      wanted === undefined
        ? `it has ${size} bytes, and its headers are not complete`
        : `it has ${size} bytes of the ${wanted} that its headers declare`
    await this.context.warn(evidenceWarning('MEMORY_SHORT', `a part of the memory in ${path}`, why))
  }

  /** A second snapshot at the same event must not overwrite the first. */
  #numbered(event: AnyEvent): string {
    const name = fileNameOf(event.name)
    const count = (this.#counts.get(name) ?? 0) + 1
    this.#counts.set(name, count)
    const extension = this.configuration.compress_snapshots ? 'kdump' : 'elf'
    return `${name}${count === 1 ? '' : `_${count}`}.${extension}`
  }
}

/** QEMU writes kdump into a pipe in makedumpfile's flattened form, which begins with that word. */
async function assertStartsWith(path: string, magic: string): Promise<void> {
  await using file = await open(path)
  const { buffer } = await file.read(Buffer.alloc(magic.length), 0, magic.length, 0)
  if (buffer.toString('latin1') === magic) return
  throw new Error('the hypervisor wrote something else')
}
