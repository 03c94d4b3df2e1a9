import { type AnyEvent, eventNames, Hook, timeoutSignal, z } from '@see/core'
import type { DiskCheckpoint } from './disk-events.ts'
import { fileNameOf } from '../results/file-name.ts'
import type { EvidenceEntry } from '../results/evidence-entry.ts'
import { EvidenceWriter } from '../results/evidence-writer.ts'
import { resultsKey } from '../results/results-key.ts'
import { diskSuffix, type NamedDisk, requireGuestDisk, requireGuestDisks, saveDisk } from './save-disk.ts'
import { throwAll } from '../results/throw-all.ts'
import { whileSuspended } from '../guest/while-suspended.ts'

const schema = z.object({
  results_folder: resultsKey('the checkpoints'),
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
  readonly #evidence = new EvidenceWriter(this)
  readonly #checkpoints: EvidenceEntry[] = []

  async setup(): Promise<void> {
    const { checkpoint_on_event } = this.configuration
    await requireGuestDisk(this.context, 'DiskCheckPointHook')
    await this.#evidence.open()
    for (const event of new Set(checkpoint_on_event)) this.context.subscribe(event, this.takeCheckpoint)
  }

  override async cleanup(): Promise<void> {
    if (!this.configuration.delete_checkpoints) return await this.#evidence.settled()
    for (const checkpoint of this.#checkpoints) await checkpoint.remove()
  }

  readonly takeCheckpoint = async (event: AnyEvent): Promise<void> => {
    const [first, ...others] = await requireGuestDisks(this.context, 'DiskCheckPointHook')
    const { base } = this.#evidence.claim(fileNameOf(event.name), { extensions: ['qcow2'] })
    const signal = AbortSignal.any([this.context.signal, timeoutSignal(this.configuration.timeout * 1000)])
    const save = async (disk: NamedDisk): Promise<string> => {
      const from = Date.now()
      const path = `${base}${diskSuffix(disk)}.qcow2`
      await saveDisk(this.context, disk, path, { why: `at ${event.name}`, signal })
      const checkpoint = this.#evidence.entry(path, { kind: 'disk_checkpoint', event, from })
      this.#checkpoints.push(checkpoint)
      checkpoint.endUnread()
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
}
