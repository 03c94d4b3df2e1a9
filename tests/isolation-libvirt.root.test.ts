import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Environment, type QemuResources, qemuFactory } from '@see/core'
import { expect, onTestFinished, test } from 'vitest'
import { sharedTemplate } from './support/shared-template.ts'

const GUEST_MS = 180_000

async function start(): Promise<Environment<QemuResources>> {
  const file = await sharedTemplate('libvirt')
  const { domain, ...others } = JSON.parse(readFileSync(file, 'utf8'))
  const configuration = join(dirname(file), domain.configuration)
  const resources = { ...others, domain: { configuration }, network: { sharing: 'shared' as const } }
  const environment = await Environment.allocate(qemuFactory(resources))
  onTestFinished(() => environment.deallocate(), GUEST_MS)
  await environment.context.poweron()
  return environment
}

test(
  'a guest through libvirt is seen to reach neither this host nor its neighbour on a shared network',
  async () => {
    const [one, other] = await Promise.all([start(), start()])
    for (const { context } of [one, other]) {
      await context.ready({ agent: true, timeoutMs: GUEST_MS })
      await context.waitForIp4Address({ timeoutMs: GUEST_MS })
    }
    const neighbour = await other.context.ip4Address()
    // This host has to have heard of the neighbour: it asks its name server.
    await other.context.agent.exec(['nslookup', 'see-guest'])
    const { mode, lines, unprobed } = await one.context.verifyIsolation()
    expect([mode, unprobed]).toEqual(['nat-no-lan', null])
    const of = (wanted: string) => lines.filter(({ target }) => target === wanted)
    const gateway = (await one.context.ip4Address())?.replace(/\.\d+$/, '.')
    const host = of('host').map(({ tried, seen, by, verdict }) => ({
      tried,
      what: `${seen} ${by} ${verdict}`,
    }))
    expect(new Set(host.map(({ what }) => what))).toEqual(new Set(['blocked host as_expected']))
    // On the guest's own network first.
    expect(host[0]?.tried.startsWith(gateway ?? '-')).toBe(true)
    expect(of('neighbours')).toContainEqual({
      target: 'neighbours',
      tried: `${neighbour}:9`,
      expected: 'forbidden',
      seen: 'blocked',
      by: 'guest',
      control: true,
      verdict: 'as_expected',
    })
    expect(lines.filter(({ verdict }) => verdict === 'mismatch')).toEqual([])
  },
  GUEST_MS,
)
