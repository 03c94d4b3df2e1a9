import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type EmbeddedResources, embeddedFactory, Environment } from '@see/core'
import type { FilesystemReport } from '@see/hooks'
import { asTskLists, textOf, toldBy, truthOf } from '@see/hooks/testing'
import { expect, onTestFinished, test } from 'vitest'
import { guestChanges, walksOf } from './support/disk-truth.ts'
import { embeddedGuest } from './support/embedded-guest.ts'
import { sharedTemplate } from './support/shared-template.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

/** `npm run proof:disk` makes more changes, in a guest that boots as well. */
const asked = process.env['SEE_TRUTH_CHANGES']
const CHANGES = Number(asked ?? '102')
const GUEST_MS = 60_000
const SCRIPT_MS = 1_200_000

const guests = {
  'a clone of a template': async () => embeddedFactory(await sharedTemplate('embedded')),
  'one that boots': async () => embeddedFactory(embeddedGuest()),
} as const
const names = [
  'a clone of a template',
  ...(asked === undefined ? [] : (['one that boots'] as const)),
] as const

test.each(names)(
  'of what a guest changes on its own disk, nothing is missing, nothing is invented: %s',
  async (name) => {
    const results = temporaryFolder()
    const environment = await Environment.allocate<EmbeddedResources>(await guests[name](), {
      configuration: { results_folder: results },
      hooks: [
        {
          name: '@see/hooks#DiskCheckPointHook',
          configuration: { checkpoint_on_event: ['post_pause', 'post_shutdown'] },
        },
        { name: '@see/hooks#DiskStateAnalyser', configuration: { timeout: 1200 } },
      ],
    })
    onTestFinished(() => environment.deallocate(), GUEST_MS)
    const { context, identifier } = environment
    const sh = async (script: string) => {
      await context.agent.writeFile('/run/script', script)
      const argv = ['sh', '-c', 'sh /run/script 2>&1; code=$?; sync; exit $code'] as const
      const { exitCode, stdout } = await context.agent.exec([...argv], { timeoutMs: SCRIPT_MS })
      expect([exitCode, stdout.toString().slice(-2000)]).toEqual([0, expect.any(String)])
    }
    const analyse = async (suffix: string) => {
      await context.trigger('start_analysis')
      await context.trigger('wait_analysis')
      await context.settled()
      const path = join(results, `${identifier}_filesystem${suffix}.json`)
      const report: FilesystemReport = JSON.parse(readFileSync(path, 'utf8'))
      return report
    }

    const { programs, before, after } = guestChanges(CHANGES)
    await context.poweron()
    await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
    await context.agent.writeFile('/run/truth.tar.gz', programs)
    await sh(`tar -C /run -xzf /run/truth.tar.gz\n${before}`)
    await context.pause()
    await context.resume()
    await sh(after)
    await context.shutdown({}, { timeoutMs: GUEST_MS })
    const ofSample = await analyse('')
    const ofAll = await analyse('_2')
    expect(context.failures).toEqual([])

    const checkpoint = (event: string) => join(results, `${identifier}_${event}.qcow2`)
    expect(ofSample).toMatchObject({ before: checkpoint('post_pause'), after: checkpoint('post_shutdown') })
    expect(ofAll.after).toBeNull()
    const disks = [ofAll.before, ofSample.before, ofSample.after ?? ''].map((path, index) => {
      const raw = join(results, `raw-${index}`)
      execFileSync('qemu-img', ['convert', '-O', 'raw', path, raw])
      return raw
    })
    const [image, first, last] = walksOf(disks)
    const truth = (former = image, now = last) =>
      Object.fromEntries(
        [...truthOf(former ?? new Map(), now ?? new Map())].map(([path, what]) => [
          textOf(asTskLists(path)),
          what,
        ]),
      )
    expect(Object.keys(truth(first)).length).toBeGreaterThan(CHANGES)
    // The guest went on after the first; a name of the changes has a line break.
    const inUse = 'DISK_FILE_SYSTEM_DIRTY the whole disk, ext4, of the disk that the guest started from'
    const unclear = expect.stringMatching(/^DISK_NAMES_UNCLEAR /)
    for (const [report, known, warnings] of [
      [ofSample, truth(first), [inUse, unclear]],
      [ofAll, truth(image), [unclear]],
    ] as const) {
      expect(Object.fromEntries(toldBy(report))).toEqual(known)
      expect(report.errors).toEqual([])
      expect(report.warnings.map(({ code, what }) => `${code} ${what}`)).toEqual(warnings)
      if (asked !== undefined) console.log(`${name}: ${Object.keys(known).length} entries`)
    }
  },
  2 * SCRIPT_MS,
)
