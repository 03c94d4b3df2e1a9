import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Environment, injectSample, type QemuResources, qemuFactory, type SeeContext } from '@see/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sharedTemplate } from './support/shared-template.ts'
import {
  tinyGuest,
  tinyGuestEnvironment,
  withSwitches,
  writeTinyGuestResources,
} from './support/tiny-guest.ts'

const GUEST_MS = 90_000
const folder = mkdtempSync(join(tmpdir(), 'see-guest-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function sh(context: SeeContext, script: string): Promise<string> {
  const { stdout, stderr, exitCode } = await context.agent.exec(['/bin/sh', '-c', script])
  expect([stderr.toString(), exitCode]).toEqual(['', 0])
  return stdout.toString()
}

/** Something that is started at the guest's boot, and says so. */
async function installEntry({ agent }: SeeContext, name: string, mode: number): Promise<void> {
  await agent.writeFile(`/etc/init.d/${name}`, `#!/bin/sh\necho "${name} $1" >>/run/started\n`)
  await agent.exec(['/bin/chmod', mode.toString(8), `/etc/init.d/${name}`])
}

/** One guest for all tests of a suite, with these switches. */
function runningGuest(...switches: string[]) {
  let environment: Environment<QemuResources>
  const events: string[] = []
  beforeAll(async () => {
    const file = writeTinyGuestResources(mkdtempSync(join(folder, 'guest-')), withSwitches(...switches))
    environment = await Environment.allocate(qemuFactory(file))
    environment.context.observe({ eventHandled: ({ event }) => void events.push(event.name) })
    await environment.context.poweron()
  }, GUEST_MS)
  afterAll(() => environment.deallocate(), GUEST_MS)
  return { running: () => environment.context, events }
}

describe('a guest that runs', () => {
  let environment: Environment<QemuResources>
  let context: SeeContext<QemuResources>

  beforeAll(async () => {
    environment = await Environment.allocate(qemuFactory(join(tinyGuest(), 'resources.json')))
    context = environment.context
    await context.poweron()
    await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
  }, GUEST_MS)

  afterAll(() => environment.deallocate(), GUEST_MS)

  test("runs programs as the guest would: what they make has the guest's usual mode", async () => {
    expect(await sh(context, 'umask')).toBe('0022\n')
  })

  test('waits for its identity without using processor time', async () => {
    const ticks = async () => {
      const [, fields = ''] = (await sh(context, 'cat /proc/$(pidof see-identity)/stat')).split(') ')
      const [user, system] = fields.split(' ').slice(11, 13).map(Number)
      return (user ?? Number.NaN) + (system ?? Number.NaN)
    }
    const before = await ticks()
    await sh(context, 'sleep 2')
    // A hundredth of a second each: of 200, were it busy.
    expect((await ticks()) - before).toBeLessThan(20)
  })

  test('gets a sample under a name of ours, whatever its own', async () => {
    const sample = join(folder, '$(touch x);.. .s h')
    writeFileSync(sample, '#!/bin/sh\necho ran; exit 3\n')
    const path = await injectSample(context, sample)
    expect(path).toMatch(/^\/tmp\/see-[0-9a-f]{12}$/)
    expect(await context.agent.exec([path])).toMatchObject({ exitCode: 3, stdout: Buffer.from('ran\n') })
  })

  test('gets a large sample on a disk, which is taken away again', async () => {
    const content = randomBytes(10_000_001)
    const sample = join(folder, 'large.bin')
    writeFileSync(sample, content)
    const path = await injectSample(context, sample)
    expect(path).toMatch(/^\/tmp\/see-[0-9a-f]{12}\.bin$/)
    const sum = createHash('sha256').update(content).digest('hex')
    expect(await sh(context, `sha256sum <${path}`)).toBe(`${sum}  -\n`)
    await expect.poll(() => sh(context, 'ls /sys/block')).toBe('vda\n')
    expect(await context.domain.getXMLDesc()).not.toContain('large')
  })

  test('is refused a sample that is neither a file nor a folder', async () => {
    for (const path of ['/dev/null', join(folder, 'missing')]) {
      await expect(injectSample(context, path)).rejects.toMatchObject({
        code: 'FILE_UNREADABLE',
        message: expect.stringContaining(path),
      })
    }
  })
})

describe('a guest that does not do what it should', { timeout: GUEST_MS }, () => {
  describe('and asks for no address', () => {
    const { running } = runningGuest('see.nodhcp')

    test('is said to have none', async () => {
      const waiting = running().waitForIp4Address({ timeoutMs: 8000 })
      await expect(waiting).rejects.toMatchObject({ code: 'ADDRESS_TIMEOUT' })
    })

    test('is cut off while its address is waited for', async () => {
      const waiting = running().waitForIp4Address({ timeoutMs: GUEST_MS })
      const failed = expect(waiting).rejects.toMatchObject({ code: 'GUEST_STOPPED' })
      await running().poweroff()
      await failed
    })
  })

  describe('and has neither an agent nor a power button', () => {
    // The agent could shut it down instead.
    const { running, events } = runningGuest('see.noacpi', 'see.noagent')

    test('has no agent', async () => {
      await running().waitForIp4Address({ timeoutMs: GUEST_MS })
      const waiting = running().agent.waitUntilReady({ timeoutMs: 2000 })
      await expect(waiting).rejects.toMatchObject({ code: 'AGENT_UNRESPONSIVE' })
    })

    test('ignores the power button; its power can be cut', async () => {
      const stubborn = running().shutdown({}, { timeoutMs: 4000 })
      await expect(stubborn).rejects.toMatchObject({ code: 'SHUTDOWN_TIMEOUT' })
      await running().poweroff()
      expect(events).toEqual(['pre_poweron', 'post_poweron', 'pre_shutdown', 'pre_poweroff', 'post_poweroff'])
    })
  })

  test('has no channel for an agent', { timeout: GUEST_MS }, async () => {
    const { context } = await tinyGuestEnvironment((xml) => xml.replace(/<channel[^]*<\/channel>/, ''))
    await expect(context.agent.ping()).rejects.toMatchObject({ code: 'AGENT_UNAVAILABLE' })
  })

  test('sends more than the channel carries in place of a reply', { timeout: GUEST_MS }, async () => {
    await using environment = await Environment.allocate(qemuFactory(await sharedTemplate('libvirt')))
    const { context } = environment
    await context.poweron()
    await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
    const flood =
      'sleep 1; killall qemu-ga; tr "\\0" "a" </dev/zero | head -c 20000000 >/dev/virtio-ports/org.qemu.guest_agent.0'
    await context.agent.writeFile('/tmp/flood', flood)
    await context.agent.exec(['/bin/sh', '-c', 'setsid sh /tmp/flood </dev/null >/dev/null 2>&1 &'])
    const broken = expect.poll(
      () =>
        context.agent.ping({ timeoutMs: 1000 }).then(
          () => 'answered',
          (error: { code: string }) => error.code,
        ),
      { timeout: 20_000 },
    )
    await broken.toMatch(/^AGENT_(UNRESPONSIVE|CHANNEL)$/)
    await context.poweroff()
  })
})

describe('the guest', () => {
  test('starts what was installed to start at its boot', { timeout: GUEST_MS }, async () => {
    await using environment = await Environment.allocate(qemuFactory(await sharedTemplate('libvirt')))
    const { context } = environment
    await context.poweron()
    await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
    await installEntry(context, 'S10first', 0o755)
    await installEntry(context, 'S20not-executable', 0o644)
    await installEntry(context, 'S30last', 0o755)
    await context.shutdown({}, { timeoutMs: GUEST_MS })
    await context.poweron()
    await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
    const started = expect.poll(() => sh(context, 'cat /run/started 2>/dev/null || true'), {
      timeout: GUEST_MS,
    })
    await started.toBe('S10first start\nS30last start\n')
  })
})
