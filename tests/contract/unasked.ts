import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Environment, type EventOf, type SeeContext } from '@see/core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { poweredOn, sh } from './in-guest.ts'
import { GUEST_MS, type Provider } from './provider.ts'

/** An end is seen within this, on a host with other work. */
const SEEN_MS = 10_000

/** What fires of the guest's own ends and reboots from now on. */
function unasked(context: SeeContext): (EventOf<'domain_stopped'> | EventOf<'domain_rebooted'>)[] {
  const seen: (EventOf<'domain_stopped'> | EventOf<'domain_rebooted'>)[] = []
  context.subscribe('domain_stopped', (event) => void seen.push(event))
  context.subscribe('domain_rebooted', (event) => void seen.push(event))
  return seen
}

/** Has the guest run a script that ends it. */
async function endBy(context: SeeContext, script: string): Promise<void> {
  await sh(context, `(sleep 0.3; ${script}) >/dev/null 2>&1 &`).catch(() => undefined)
}

/** An unrequested end of a guest, and an unrequested reboot, are events; requested ones are not. */
export function unaskedContract({ name, factory, guest, leftOf }: Provider): void {
  describe(`an unrequested end of ${name}`, { timeout: 2 * GUEST_MS }, () => {
    let environments: Environment[]
    let contexts: Record<'off' | 'rebooting' | 'killed' | 'asked', SeeContext>

    beforeAll(async () => {
      environments = await Promise.all(Array.from({ length: 4 }, () => Environment.allocate(factory)))
      const [off, rebooting, killed, asked] = environments.map(({ context }) => context)
      if (!off || !rebooting || !killed || !asked) throw new Error('there are four')
      contexts = { off, rebooting, killed, asked }
      await Promise.all(Object.values(contexts).map(poweredOn))
    }, 2 * GUEST_MS)
    afterAll(async () => {
      await Promise.all(environments.map((environment) => environment.deallocate()))
      for (const { identifier } of environments) expect(await leftOf(identifier)).toEqual([])
    }, GUEST_MS)

    test('a guest that powers itself off: domain_stopped, and waits end with the reason', async () => {
      const context = contexts.off
      const seen = unasked(context)
      await endBy(context, guest.unasked.powerOff)
      const running = context.agent.exec(['sleep', '60'], { timeoutMs: GUEST_MS })
      const end = running.then(
        ({ signal }) => signal,
        (error: unknown) => error,
      )
      // A container's processes are killed with it, and that is their result.
      const expected =
        guest.unasked.poweredOff.reason === 'stopped' ? 9 : expect.objectContaining({ code: 'GUEST_STOPPED' })
      expect(await Promise.race([end, sleep(SEEN_MS, 'no end')])).toEqual(expected)
      await expect.poll(() => context.state(), { timeout: SEEN_MS }).toBe('shutoff')
      await expect.poll(() => seen, { timeout: SEEN_MS }).toMatchObject([guest.unasked.poweredOff])
      expect(context.guestEnds).toMatchObject([{ reason: guest.unasked.poweredOff.reason }])
      await expect(context.waitForIp4Address({ timeoutMs: GUEST_MS })).rejects.toMatchObject({
        code: 'GUEST_STOPPED',
        message: expect.stringContaining(seen[0]?.detail ?? 'none'),
      })
    })

    test('a guest that reboots: domain_rebooted, and no end', async () => {
      const context = contexts.rebooting
      const seen = unasked(context)
      await endBy(context, guest.unasked.reboot)
      await expect
        .poll(() => seen, { timeout: GUEST_MS })
        .toMatchObject([{ name: 'domain_rebooted', reason: 'guest_reset' }])
      expect([context.guestReboots, context.guestEnds]).toEqual([1, []])
      expect(await context.state()).toBe('running')
    })

    test('a guest whose process on this host is killed: domain_stopped', async () => {
      const context = contexts.killed
      const seen = unasked(context)
      process.kill(guest.unasked.process(context.identifier), 'SIGKILL')
      await expect.poll(() => seen, { timeout: SEEN_MS }).toMatchObject([guest.unasked.killed])
      expect(await context.state()).toBe('shutoff')
      await context.poweron()
      expect(await context.state()).toBe('running')
      expect(seen).toHaveLength(1)
    })

    test('a guest that ends on its own while its power is being cut: done, and domain_stopped', async () => {
      const context = contexts.killed
      const seen = unasked(context)
      const cut: string[] = []
      context.subscribe('post_poweroff', (event) => void cut.push(event.name))
      context.subscribe('pre_poweroff', async () => {
        process.kill(guest.unasked.process(context.identifier), 'SIGKILL')
        await expect.poll(() => context.state(), { timeout: SEEN_MS }).toBe('shutoff')
      })
      await context.poweroff()
      expect(cut).toEqual(['post_poweroff'])
      await expect.poll(() => seen, { timeout: SEEN_MS }).toMatchObject([guest.unasked.killed])
    })

    test('a guest that ends on its own while its environment does: all is released', async () => {
      const context = contexts.rebooting
      process.kill(guest.unasked.process(context.identifier), 'SIGKILL')
      await expect.poll(() => context.state(), { timeout: SEEN_MS }).toBe('shutoff')
      // What was true just before.
      vi.spyOn(context.domain, 'getState').mockResolvedValueOnce({ state: 'running' })
      const environment = environments.find((each) => each.context === context)
      await environment?.deallocate()
      expect(await leftOf(context.identifier)).toEqual([])
    })

    test('what a hook asks of the domain, and the end of the environment, are no events', async () => {
      const context = contexts.asked
      const seen = unasked(context)
      await context.domain.suspend()
      await context.domain.resume()
      await context.domain.destroy()
      await context.poweron()
      await context.poweroff()
      await context.poweron()
      const environment = environments.find((each) => each.context === context)
      await environment?.deallocate()
      expect([seen, context.guestEnds, context.guestReboots]).toEqual([[], [], 0])
    })
  })
}

/** The process of this host that is `program` with the identifier in its command line, or the first child of it. */
export function processOf(program: string, identifier: string, isChild = false): number {
  const pids = readdirSync('/proc').filter((each) => /^\d+$/.test(each))
  const found = pids.find((pid) => {
    const words = procFile(pid, 'cmdline')
    return words.split('\0', 1)[0]?.includes(program) === true && words.includes(identifier)
  })
  const child = procFile(`${found}/task/${found}`, 'children').split(' ')[0]
  const pid = Number(isChild ? child : found)
  if (!(pid > 1)) throw new Error(`there is no ${program} of ${identifier}`)
  return pid
}

/** Empty when the process is gone. */
function procFile(pid: string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return ''
  }
}
