import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPrivateLibvirtd, type PrivateLibvirtd } from '@see/libvirt/testing'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { Environment } from '../../../environment/environment.ts'
import { qemuFactory } from '../qemu/qemu.ts'

/** A guest that has nothing to boot. */
const XML =
  '<domain type="qemu"><name>x</name><memory unit="MiB">32</memory><os><type arch="x86_64" machine="q35">hvm</type></os></domain>'
/** What a wait may take beyond its bound, on a busy host. */
const SLACK_MS = 10_000

let daemon: PrivateLibvirtd
let configuration: string

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'see-hung-'))
  configuration = join(folder, 'domain.xml')
  writeFileSync(configuration, XML)
  daemon = await startPrivateLibvirtd({ drivers: ['qemu'] })
  return () => rmSync(folder, { recursive: true })
}, 60_000)
afterAll(async () => {
  process.kill(daemon.pid, 'SIGCONT')
  await daemon[Symbol.asyncDispose]()
}, 60_000)

async function allocate() {
  const hypervisor = daemon.uriOf('qemu', '/session')
  const environment = await Environment.allocate(qemuFactory({ hypervisor, domain: { configuration } }))
  onTestFinished(() => environment.deallocate().catch(() => undefined), 60_000)
  return environment
}

function qemusOf(identifier: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.filter((pid) => isQemuOf(pid, identifier)).map(Number)
}

function isQemuOf(pid: string, identifier: string): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    return words.startsWith('/usr/bin/qemu-system') && words.includes(identifier)
  } catch {
    return false
  }
}

/** Stops QEMU as soon as there is one. */
function stopAsItStarts(identifier: string): () => boolean {
  let isStopped = false
  const timer = setInterval(() => {
    for (const pid of qemusOf(identifier)) {
      process.kill(pid, 'SIGSTOP')
      isStopped = true
      clearInterval(timer)
    }
  }, 5)
  onTestFinished(() => clearInterval(timer))
  return () => isStopped
}

async function elapsed(work: () => Promise<unknown>): Promise<number> {
  const beganAt = performance.now()
  await work()
  return performance.now() - beganAt
}

describe('a libvirtd that does not answer', { timeout: 60_000 }, () => {
  test('holds up neither a poweron nor a deallocate, and what it starts later is stopped', async () => {
    const environment = await allocate()
    const { context, identifier } = environment
    context.subscribe('pre_poweron', () => void process.kill(daemon.pid, 'SIGSTOP'))
    const powerOn = await elapsed(async () => {
      const given = context.poweron({}, { timeoutMs: 2000 })
      await expect(given).rejects.toMatchObject({
        code: 'TRANSITION_TIMEOUT',
        message: expect.stringContaining('2000 ms to power the guest on'),
      })
    })
    expect(powerOn).toBeLessThan(2000 + SLACK_MS)
    await expect(context.state({ timeoutMs: 200 })).rejects.toMatchObject({ code: 'HYPERVISOR_TIMEOUT' })
    await expect(context.poweroff({}, { timeoutMs: 400 })).rejects.toMatchObject({
      code: 'TRANSITION_TIMEOUT',
    })
    const release = await elapsed(async () => {
      await expect(environment.deallocate({ timeoutMs: 1000 })).rejects.toMatchObject({
        code: 'RELEASE_TIMEOUT',
      })
    })
    expect(release).toBeLessThan(1000 + SLACK_MS)
    process.kill(daemon.pid, 'SIGCONT')
    await environment.deallocate()
    expect(qemusOf(identifier)).toEqual([])
  })
})

describe('a QEMU that does not answer libvirt', { timeout: 120_000 }, () => {
  test('as it starts: the poweron ends in time, and nothing is left of it', async () => {
    const environment = await allocate()
    const { context, identifier } = environment
    const isStopped = stopAsItStarts(identifier)
    const powerOn = await elapsed(async () => {
      const given = context.poweron({ why: 'a test' }, { timeoutMs: 2000 })
      await expect(given).rejects.toMatchObject({ code: 'TRANSITION_TIMEOUT' })
    })
    expect([isStopped(), powerOn < 2000 + SLACK_MS]).toEqual([true, true])
    expect(context.guestEnds).toEqual([])
    // libvirt takes its time to end it, in which it is what libvirt says it is.
    expect(await context.state()).not.toBe('running')
    await context.poweroff()
    expect([await context.state(), qemusOf(identifier)]).toEqual(['shutoff', []])
    await context.poweron()
    expect([await context.state(), qemusOf(identifier).length]).toEqual(['running', 1])
    await environment.deallocate()
    expect(qemusOf(identifier)).toEqual([])
  })

  test('while it runs: transitions end in time, and its power can be cut', async () => {
    const environment = await allocate()
    const { context, identifier } = environment
    await context.poweron()
    for (const pid of qemusOf(identifier)) process.kill(pid, 'SIGSTOP')
    const pause = await elapsed(async () => {
      await expect(context.pause({}, { timeoutMs: 500 })).rejects.toMatchObject({
        code: 'TRANSITION_TIMEOUT',
      })
    })
    expect(pause).toBeLessThan(500 + SLACK_MS)
    await expect(context.domain.suspend({ timeoutMs: 100 })).rejects.toMatchObject({ code: 'CALL_TIMEOUT' })
    await context.poweroff()
    expect([await context.state(), qemusOf(identifier)]).toEqual(['shutoff', []])
    await environment.deallocate()
  })
})
