import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  Environment,
  type EventOf,
  lxcFactory,
  qemuFactory,
  type QemuResources,
  type SeeContext,
} from '@see/core'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { embeddedEnvironment, embeddedGuest } from './support/embedded-guest.ts'
import { sharedTemplate } from './support/shared-template.ts'
import { temporaryFolder } from './support/temporary-folder.ts'
import { makeTinyContainer } from './support/tiny-container.ts'

const GUEST_MS = 90_000
const TIMEOUT = { timeout: 180_000 }

beforeAll(async () => {
  await sharedTemplate('embedded')
  await sharedTemplate('libvirt')
}, 240_000)

/** Powers a guest on, and returns what its events say of limits. */
async function running(context: SeeContext): Promise<EventOf<'limit_reached'>[]> {
  const reached: EventOf<'limit_reached'>[] = []
  context.subscribe('limit_reached', (event) => void reached.push(event))
  await context.poweron()
  await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
  return reached
}

/** Runs a shell script in the guest, whatever becomes of it. */
function script(context: SeeContext, text: string): void {
  context.agent.exec(['/bin/sh', '-c', text], { timeoutMs: GUEST_MS }).catch(() => undefined)
}

async function becomes(context: SeeContext, state: string): Promise<void> {
  await expect.poll(() => context.state(), { timeout: GUEST_MS, interval: 100 }).toBe(state)
}

/** A clone through libvirt. */
async function clone(limits: object): Promise<SeeContext<QemuResources>> {
  const clones = await sharedTemplate('libvirt')
  const file = join(dirname(clones), `${randomUUID()}.json`)
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(clones, 'utf8')), limits }))
  const environment = await Environment.allocate(qemuFactory(file))
  onTestFinished(() => environment.deallocate(), 60_000)
  return environment.context
}

test(
  'embedded: a guest is paused before the host’s disk is full, and goes on when there is room',
  TIMEOUT,
  async () => {
    const folder = temporaryFolder()
    // Sandboxes have users of their own.
    chmodSync(folder, 0o755)
    const instances = join(folder, 'instances')
    mkdirSync(instances)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64M,mode=755', 'tmpfs', instances])
    onTestFinished(() => void execFileSync('umount', [instances]))
    const disk = { clone: { storage_pool_path: instances } }
    const environment = await embeddedEnvironment(embeddedGuest({ template: 'embedded', disk }))
    const { context } = environment
    const reached = await running(context)
    script(context, 'dd if=/dev/urandom of=/root/big bs=1M count=48; sync')
    await becomes(context, 'paused')
    const limit = { limit: 'host_disk_mib', action: 'paused', detail: expect.stringContaining(instances) }
    await expect.poll(() => reached).toMatchObject([limit])
    expect(context.limitsReached).toMatchObject([limit])
    await expect(context.agent.ping()).rejects.toMatchObject({ code: 'GUEST_STOPPED' })
    execFileSync('mount', ['-o', 'remount,size=512M', instances])
    await context.resume()
    await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
    expect(reached).toHaveLength(1)
    await environment.deallocate()
  },
)

test(
  'embedded and libvirt: a guest that waits for its disk at the rate it may have is an event',
  TIMEOUT,
  async () => {
    const limits = { disk_mib_per_second: 4 }
    const embedded = await embeddedEnvironment(embeddedGuest({ template: 'embedded', limits }))
    const both = [embedded.context, await clone(limits)]
    for (const context of both) {
      const reached = await running(context)
      script(context, 'dd if=/dev/urandom of=/root/big bs=1M count=24; sync')
      const limit = { limit: 'disk_mib_per_second', bound: 4, action: 'delayed' }
      await expect.poll(() => reached, { timeout: GUEST_MS }).toMatchObject([limit])
      expect(context.limitsReached[0]?.measured).toBeLessThan(8)
      await context.poweroff()
    }
  },
)

test(
  'libvirt: libvirt bounds the rate of the disk, and a disk that grows too large ends its guest',
  TIMEOUT,
  async () => {
    const context = await clone({ disk_mib: 24, disk_mib_per_second: 300 })
    const reached = await running(context)
    const xml = await context.domain.getXMLDesc()
    expect(xml).toMatch(/<total_bytes_sec>314572800</)
    script(context, 'dd if=/dev/urandom of=/root/big bs=1M count=60; sync')
    await becomes(context, 'shutoff')
    const limit = { limit: 'disk_mib', bound: 24, action: 'killed' }
    expect(context.limitsReached).toMatchObject([limit])
    await expect.poll(() => reached).toMatchObject([limit])
    expect(context.limitsReached[0]?.measured).toBeGreaterThanOrEqual(24)
    const detail = expect.stringContaining('limits.disk_mib')
    await expect.poll(() => context.guestEnds).toMatchObject([{ reason: 'killed', detail }])
  },
)

test('libvirt: a guest that computes too long is killed', TIMEOUT, async () => {
  const context = await clone({ cpu_seconds: 3 })
  await running(context)
  script(context, 'while :; do :; done')
  await becomes(context, 'shutoff')
  expect(context.limitsReached).toMatchObject([{ limit: 'cpu_seconds', bound: 3, action: 'killed' }])
  const detail = expect.stringContaining('limits.cpu_seconds')
  await expect.poll(() => context.guestEnds).toMatchObject([{ reason: 'killed', detail }])
})

test('LXC: a container gets no more processes and memory than its limits', TIMEOUT, async () => {
  using container = makeTinyContainer()
  const limits = { processes: 20, memory_mib: 64 }
  await using environment = await Environment.allocate(lxcFactory(container.resources({ limits })))
  const { context } = environment
  const reached = await running(context)
  const counted = join('/sys/fs/cgroup/pids', `see-${environment.identifier}`, 'pids.max')
  await expect.poll(() => readFileSync(counted, 'utf8'), { timeout: 10_000 }).toBe('20\n')
  script(context, 'dd if=/dev/zero of=/dev/null bs=200M count=1')
  await expect
    .poll(() => reached, { timeout: GUEST_MS })
    .toMatchObject([{ limit: 'memory_mib', action: 'killed' }])
  script(context, 'for each in $(seq 100); do sleep 60 & done; wait')
  const refused = { limit: 'processes', bound: 20, action: 'refused' }
  await expect.poll(() => reached[1], { timeout: GUEST_MS }).toMatchObject(refused)
  expect(context.limitsReached).toMatchObject([{ limit: 'memory_mib' }, refused])
  await environment.deallocate()
  expect(existsSync(counted)).toBe(false)
})
