import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { Environment, embeddedFactory } from '@see/core'
import { expect, onTestFinished, test } from 'vitest'
import { sharedTemplate } from './support/shared-template.ts'
import { expectSunk } from './support/sinkhole.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const GUEST_MS = 90_000

/** The sockets of a process that lead anywhere but to files of this host: those of the Internet's protocols. */
function internetSockets(pid: number): string[] {
  const inodes = readdirSync(`/proc/${pid}/fd`).map((descriptor) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1]
    } catch {
      return undefined
    }
  })
  const files = ['tcp', 'tcp6', 'udp', 'udp6', 'raw', 'packet'].map((name) =>
    readFileSync(`/proc/net/${name}`, 'utf8'),
  )
  return inodes.filter(
    (inode) => inode !== undefined && files.some((file) => file.includes(` ${inode} `)),
  ) as string[]
}

test('an embedded guest finds everything it asks for, in SEE, and what it asks is on record', {
  timeout: GUEST_MS,
}, async () => {
  const results = temporaryFolder()
  const hooks = {
    configuration: { results_folder: results },
    hooks: [{ name: '@see/hooks#NetworkTracerHook' }, { name: '@see/hooks#NetworkAnalysisHook' }],
  }
  const resources = JSON.parse(readFileSync(await sharedTemplate('embedded'), 'utf8'))
  const factory = embeddedFactory({ ...resources, network: { mode: 'sinkhole' } })
  const environment = await Environment.allocate(factory, hooks)
  onTestFinished(() => environment.deallocate(), 60_000)
  const { context } = environment
  const before = internetSockets(process.pid)
  const during: string[] = []
  context.resources.abilities.capture.sinkhole?.listen(() => during.push(...internetSockets(process.pid)))
  await expectSunk(environment, join(results, environment.identifier))
  // Nothing can leave by what is not there.
  expect(new Set(during)).toEqual(new Set(before))
})
