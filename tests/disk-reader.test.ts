import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { embeddedFactory, Environment, type EmbeddedResources } from '@see/core'
import type { FilesystemReport } from '@see/hooks'
import { expect, onTestFinished, test } from 'vitest'
import { partitionedGuest } from './support/partitioned-guest.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const GUEST_MS = 60_000

test('what a guest changes on XFS is in the report of a hook that is given no configuration', {
  timeout: 2 * GUEST_MS,
}, async () => {
  const results = temporaryFolder()
  const guest = embeddedFactory(partitionedGuest(['changed', 'gone', 'same']))
  const environment = await Environment.allocate<EmbeddedResources>(guest, {
    configuration: { results_folder: results },
    hooks: [{ name: '@see/hooks#DiskStateAnalyser' }],
  })
  onTestFinished(() => environment.deallocate(), GUEST_MS)
  const { context, identifier } = environment
  await context.poweron()
  await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
  const script = `set -e; mount -t xfs /dev/vda2 /mnt; cd /mnt; echo after >changed; rm gone; echo new >created; cd /
    umount /mnt; echo mine >/root/mine`
  expect(await context.agent.exec(['sh', '-c', script])).toMatchObject({ exitCode: 0 })
  await context.shutdown({}, { timeoutMs: GUEST_MS })
  await context.trigger('start_analysis')
  await context.trigger('wait_analysis')
  await context.settled()
  expect(context.failures).toEqual([])
  const path = join(results, `${identifier}_filesystem.json`)
  const report: FilesystemReport = JSON.parse(readFileSync(path, 'utf8'))
  expect(report).toMatchObject({ errors: [], warnings: [] })
  expect(report.partitions).toMatchObject([
    { name: 'p1', file_system: 'ext4', compared: 'files' },
    {
      name: 'p2',
      file_system: 'xfs',
      compared: 'files',
      not_compared: ['content_without_trace', 'holes', 'unused_space'],
    },
  ])
  const told = [report.created_files, report.modified_files, report.deleted_files].map((files) =>
    files.map((file) => file.path).filter((each) => each.startsWith('p2:')),
  )
  expect(told).toEqual([['p2:/created'], ['p2:/changed'], ['p2:/gone']])
  expect(report.created_files.map((file) => file.path)).toContain('p1:/root/mine')
})
