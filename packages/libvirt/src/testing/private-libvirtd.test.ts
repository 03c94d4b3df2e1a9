import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Hypervisor } from '../objects/hypervisor.ts'
import { startPrivateLibvirtd } from './private-libvirtd.ts'

test('a daemon of our own that leaves nothing behind', async () => {
  const daemon = await startPrivateLibvirtd()
  await using hypervisor = await Hypervisor.open(daemon.uri)
  expect(await hypervisor.getType()).toBe('TEST')
  await daemon[Symbol.asyncDispose]()
  await expect(hypervisor.closed).resolves.toMatchObject({ code: 'CONNECTION_LOST' })
  expect(existsSync(daemon.folder)).toBe(false)
  expect(() => process.kill(daemon.pid, 0)).toThrow('ESRCH')
})
