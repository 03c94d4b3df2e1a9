import { createWriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
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
import type { EvidenceEntry } from '../results/evidence-entry.ts'
import { EvidenceWriter } from '../results/evidence-writer.ts'
import { resultsKey } from '../results/results-key.ts'

/** A flag of libvirt's virDomainCoreDumpFlags: the memory alone, in a format that tools know. */
const MEMORY_ONLY = 16
/** For the hypervisor to end a snapshot that was given up. */
const ENDING_MS = 5000

const schema = z.object({
  results_folder: resultsKey('the snapshots'),
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
  readonly #evidence = new EvidenceWriter(this)
  readonly #snapshots: EvidenceEntry[] = []

  async setup(): Promise<void> {
    const { memory_snapshots_on_event } = this.configuration
    requireAbility(this.context, 'memory', { for: 'MemoryHook' })
    await this.#evidence.open()
    for (const event of new Set(memory_snapshots_on_event)) this.context.subscribe(event, this.takeSnapshot)
  }

  override async cleanup(): Promise<void> {
    if (!this.configuration.delete_snapshots) return await this.#evidence.settled()
    for (const snapshot of this.#snapshots) await snapshot.remove()
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
    const extension = this.configuration.compress_snapshots ? 'kdump' : 'elf'
    const path = this.#evidence.claim(fileNameOf(event.name), { extensions: [extension] }).path(extension)
    const snapshot = this.#evidence.entry(path, { kind: 'memory_dump', event })
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
    this.#snapshots.push(snapshot)
    this.logger.info({ event: event.name, path }, 'memory snapshot taken')
    const isShort = await this.#warnIfShort(path)
    snapshot.endUnread(isShort ? 'incomplete' : 'complete')
    await this.context.trigger('memory_snapshot_taken', { path })
  }

  async #write(memory: MemoryAbility, path: string): Promise<void> {
    const { compress_snapshots, timeout } = this.configuration
    const format = compress_snapshots ? 'kdump-zlib' : 'raw'
    const signal = AbortSignal.any([this.context.signal, timeoutSignal(timeout * 1000)])
    // Only the owner may read what a guest has in its memory.
    const target = createWriteStream(path, { flags: 'wx', mode: 0o600 })
    // Aborting closes the pipe, which ends the writing; only of a hypervisor that hangs is the call itself given up.
    const options = { format, flags: MEMORY_ONLY, timeoutMs: timeout * 1000 + ENDING_MS } as const
    await throughNamedPipe(target, (pipe) => memory.dump(pipe, options), signal)
    await assertStartsWith(path, compress_snapshots ? 'makedumpfile' : '\x7fELF')
  }

  /** Its own headers say how long an ELF file is; nothing says so of kdump. */
  async #warnIfShort(path: string): Promise<boolean> {
    if (this.configuration.compress_snapshots) return false
    await using file = await open(path)
    const { size } = await file.stat()
    const wanted = await elfLength(file)
    if (wanted !== undefined && wanted <= size) return false
    const why =
      wanted === undefined
        ? `it has ${size} bytes, and its headers are not complete`
        : `it has ${size} bytes of the ${wanted} that its headers declare`
    await this.context.warn(evidenceWarning('MEMORY_SHORT', `a part of the memory in ${path}`, why))
    return true
  }
}

/** QEMU writes kdump into a pipe in makedumpfile's flattened form, which begins with that word. */
async function assertStartsWith(path: string, magic: string): Promise<void> {
  await using file = await open(path)
  const { buffer } = await file.read(Buffer.alloc(magic.length), 0, magic.length, 0)
  if (buffer.toString('latin1') === magic) return
  throw new Error('the hypervisor wrote something else')
}
