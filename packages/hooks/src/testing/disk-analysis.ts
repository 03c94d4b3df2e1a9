import { createReadStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Environment, type ImageLayer } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
import type { FilesystemReport } from '../filesystem-report.ts'

interface DiskOfGuest {
  readonly image: string
  readonly checkpoint: string
  /** What the image is an overlay of. */
  readonly backing?: ImageLayer
}

/** An environment whose guest has been left its disk, and a DiskStateAnalyser. */
export async function diskAnalysis(
  folder: string,
  { image, checkpoint, backing }: DiskOfGuest,
  configuration: object = {},
) {
  const results = join(folder, 'the results')
  const disk = {
    image: { path: image, format: 'qcow2', backing },
    read: async () => createReadStream(checkpoint),
  }
  const hook = {
    name: '@see/hooks#DiskStateAnalyser',
    // A kernel that reads disks is booted for the tests that are about it only.
    configuration: { results_folder: results, reader: null, ...configuration },
  }
  const environment = await Environment.allocate(simulatedFactory({ guest: { disk } }), { hooks: [hook] })
  const { context, identifier } = environment
  const analyse = async (suffix = '') => {
    await context.trigger('start_analysis')
    await context.trigger('wait_analysis')
    await context.settled()
    const path = join(results, `${identifier}_filesystem${suffix}.json`)
    const report: FilesystemReport = JSON.parse(readFileSync(path, 'utf8'))
    return report
  }
  return {
    context,
    identifier,
    results,
    analyse,
    [Symbol.asyncDispose]: () => environment.deallocate(),
  }
}
