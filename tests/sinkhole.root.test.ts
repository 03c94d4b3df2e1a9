import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Environment, lxcFactory, qemuFactory } from '@see/core'
import { expect, onTestFinished, test } from 'vitest'
import { expectSunk } from './support/sinkhole.ts'
import { temporaryFolder } from './support/temporary-folder.ts'
import { makeTinyContainer } from './support/tiny-container.ts'
import { tinyGuestResources } from './support/tiny-guest.ts'

const GUEST_MS = 90_000

const sunkResources = () => tinyGuestResources(undefined, { network: { mode: 'sinkhole' } })

test('through libvirt, a guest finds everything it asks for, in SEE, and what it asks is on record', {
  timeout: GUEST_MS,
}, async () => {
  const results = temporaryFolder()
  const hooks = {
    configuration: { results_folder: results },
    hooks: [{ name: '@see/hooks#NetworkTracerHook' }, { name: '@see/hooks#NetworkAnalysisHook' }],
  }
  const environment = await Environment.allocate(qemuFactory(sunkResources()), hooks)
  onTestFinished(() => environment.deallocate(), 60_000)
  await expectSunk(environment, join(results, environment.identifier))
})

test('nobody but QEMU’s user gets at a guest’s sinkhole', { timeout: GUEST_MS }, async () => {
  await using environment = await Environment.allocate(qemuFactory(sunkResources()))
  const port = Number(
    /<source address="127\.0\.0\.1" port="(\d+)"/.exec(await environment.context.domain.getXMLDesc())?.[1],
  )
  const heard: unknown[] = []
  environment.context.resources.sinkhole?.listen((request) => heard.push(request))
  const command = ['--reuid=65534', '--clear-groups', 'busybox', 'nc', '127.0.0.1', String(port)]
  const child = spawn('setpriv', command, { stdio: ['pipe', 'inherit', 'inherit'] })
  child.stdin.write('\0\0\0\x20'.repeat(100))
  // Its end is that of the connection.
  await once(child, 'exit')
  expect(heard).toEqual([])
})

test('a container has none', async () => {
  using container = makeTinyContainer()
  const resources = container.resources({ network: { mode: 'sinkhole' } })
  await expect(Environment.allocate(lxcFactory(resources))).rejects.toMatchObject({
    code: 'NETWORK_INVALID',
    message: expect.stringContaining('containers'),
  })
})
