import { createReadStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Environment, type GuestDisk, type ImageLayer, messageOf } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
import { assertDescribed } from './assert-described.ts'
import type { FilesystemReport } from '../disk-changes/filesystem-report.ts'

interface DiskOfGuest {
  readonly image: string
  readonly checkpoint: string
  /** What the image is an overlay of. */
  readonly backing?: ImageLayer
  /** Disks beside it, by their names. */
  readonly others?: Readonly<Record<string, DiskOfGuest>>
}

function guestDisk({ image, checkpoint, backing }: DiskOfGuest): GuestDisk {
  return {
    image: { path: image, format: 'qcow2', backing },
    read: async () => createReadStream(checkpoint),
  }
}

/** An environment whose guest has been left its disk, and a DiskStateAnalyser. */
export async function diskAnalysis(
  folder: string,
  { others = {}, ...first }: DiskOfGuest,
  configuration: object = {},
) {
  const results = join(folder, 'the results')
  const guest = {
    disk: guestDisk(first),
    otherDisks: Object.entries(others).map(([target, disk]) => ({ target, ...guestDisk(disk) })),
  }
  const hook = {
    name: '@see/hooks#DiskStateAnalyser',
    // A kernel that reads disks is booted for the tests that are about it only.
    configuration: { results_folder: results, reader: null, ...configuration },
  }
  const environment = await Environment.allocate(simulatedFactory({ guest }), { hooks: [hook] })
  const { context, identifier } = environment
  const reportOf = (suffix: string): FilesystemReport => {
    const text = readFileSync(join(results, `${identifier}_filesystem${suffix}.json`), 'utf8')
    assertDescribed('disk_changes', text)
    return JSON.parse(text)
  }
  const analyse = async (suffix = '') => {
    await context.trigger('start_analysis')
    await context.trigger('wait_analysis')
    await context.settled()
    try {
      return reportOf(suffix)
    } catch (cause) {
      const why = context.failures.map(({ error }) => messageOf(error)).join('; ')
      throw new Error(`no report (${messageOf(cause)}): ${why}`, { cause })
    }
  }
  return {
    context,
    identifier,
    results,
    analyse,
    reportOf,
    deallocate: () => environment.deallocate(),
    [Symbol.asyncDispose]: () => environment.deallocate(),
  }
}
