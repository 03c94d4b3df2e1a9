import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type AnyEvent, eventNames, Hook, timeoutSignal, z } from '@see/core'
import type { DiskCheckpoint } from './disk-events.ts'
import { fileNameOf } from '../results/file-name.ts'
import { prepareResultsFolder } from '../results/results-folder.ts'
import { diskSuffix, type NamedDisk, requireGuestDisk, requireGuestDisks, saveDisk } from './save-disk.ts'
import { throwAll } from '../results/throw-all.ts'
import { whileSuspended } from '../guest/while-suspended.ts'

const schema = z.object({
  results_folder: z.string().min(1).describe('The folder for the checkpoints; made when missing.'),
  checkpoint_on_event: eventNames
    .default([])
    .describe('The event or events at which the disk is written; a guest that runs is suspended meanwhile.'),
  delete_checkpoints: z
    .boolean()
    .default(false)
    .describe('Delete the checkpoints when the environment ends.'),
  timeout: z.number().positive().max(2_147_483).default(600).describe('Seconds that a checkpoint may take.'),
})

/**
 * Writes the guest's disk as it is at the configured events, as `<identifier>_<event>.qcow2`, and its further disks, all
 * at one moment, as `<identifier>_<event>.<disk>.qcow2`. If the guest runs, it is the disk as after a power failure:
 * what the guest has not written out is not in it.
 */
export class DiskCheckPointHook extends Hook<typeof schema> {
  static override readonly schema = schema
  readonly #paths: string[] = []
  readonly #counts = new Map<string, number>()
  #folder = ''

  async setup(): Promise<void> {
    const { results_folder, checkpoint_on_event } = this.configuration
    await requireGuestDisk(this.context, 'DiskCheckPointHook')
    this.#folder = await prepareResultsFolder(results_folder)
    for (const event of new Set(checkpoint_on_event)) this.context.subscribe(event, this.takeCheckpoint)
  }

  override async cleanup(): Promise<void> {
    if (!this.configuration.delete_checkpoints) return
    for (const path of this.#paths) await rm(path, { force: true })
  }

  readonly takeCheckpoint = async (event: AnyEvent): Promise<void> => {
    const [first, ...others] = await requireGuestDisks(this.context, 'DiskCheckPointHook')
    const base = join(this.#folder, `${this.identifier}_${this.#numbered(event)}`)
    const signal = AbortSignal.any([this.context.signal, timeoutSignal(this.configuration.timeout * 1000)])
    const save = async (disk: NamedDisk): Promise<string> => {
      const path = `${base}${diskSuffix(disk)}.qcow2`
      await saveDisk(this.context, disk, path, { why: `at ${event.name}`, signal })
      this.#paths.push(path)
      this.logger.info({ event: event.name, path }, 'disk checkpoint taken')
      return path
    }
    const other_disks: DiskCheckpoint[] = []
    const failures: unknown[] = []
    let path = ''
    await whileSuspended(this.context, async () => {
      path = await save(first)
      for (const disk of others) {
        try {
          other_disks.push({ disk: disk.target, path: await save(disk) })
        } catch (error) {
          // The other disks are evidence nevertheless.
          failures.push(error)
        }
      }
    })
    await this.context.trigger('disk_checkpoint_taken', { path, ...(others.length > 0 && { other_disks }) })
    throwAll(failures)
  }

  /** A second checkpoint at the same event must not overwrite the first. */
  #numbered(event: AnyEvent): string {
    const name = fileNameOf(event.name)
    const count = (this.#counts.get(name) ?? 0) + 1
    this.#counts.set(name, count)
    return `${name}${count === 1 ? '' : `_${count}`}`
  }
}
