import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Hypervisor } from '@see/libvirt'
import { startPrivateLibvirtd } from '@see/libvirt/testing'
import { expect, test } from 'vitest'
import { qcow2Header } from '../../../disks/testing/image-headers.ts'
import { ReleaseStack } from '../../../common/release-stack.ts'
import { cloneName, createStoragePool } from './storage-pool.ts'

test('a disk that names a pipe once its guest has run does not hold the daemon when it is removed', async () => {
  await using daemon = await startPrivateLibvirtd()
  await using hypervisor = await Hypervisor.open(daemon.uriOf('qemu', '/session'))
  const identifier = randomUUID()
  const { uid, gid } = statSync(daemon.folder)
  const parent = join(daemon.folder, 'instances')
  mkdirSync(parent)
  chownSync(parent, uid, gid)
  const releases = new ReleaseStack()
  const disk = join(parent, identifier, cloneName(identifier))
  const pipe = join(daemon.folder, 'pipe')
  execFileSync('mkfifo', ['-m', '666', pipe])
  await createStoragePool(hypervisor, identifier, parent, releases, async () => {
    writeFileSync(disk, qcow2Header())
    chownSync(disk, uid, gid)
  })
  // As a QEMU that its guest has taken over: libvirt opens what a header names without its format.
  writeFileSync(disk, qcow2Header({ backing: pipe }))
  const started = performance.now()
  await releases.release()
  expect(performance.now() - started).toBeLessThan(5000)
  expect(existsSync(join(parent, identifier))).toBe(false)
})
