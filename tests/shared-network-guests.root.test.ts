import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { Environment, type QemuResources, qemuFactory } from '@see/core'
import { expect, onTestFinished, test } from 'vitest'
import { sharedTemplate } from './support/shared-template.ts'

const PORT = 8095
const GUEST_MS = 180_000

async function start(): Promise<Environment<QemuResources>> {
  const file = await sharedTemplate('libvirt')
  const { domain, ...others } = JSON.parse(readFileSync(file, 'utf8'))
  const configuration = join(dirname(file), domain.configuration)
  const resources = { ...others, domain: { configuration }, network: { sharing: 'shared' as const } }
  const environment = await Environment.allocate(qemuFactory(resources))
  onTestFinished(() => environment.deallocate(), GUEST_MS)
  const { context } = environment
  await context.poweron()
  await context.agent.waitUntilReady({ timeoutMs: GUEST_MS })
  await context.agent.exec(['/bin/sh', '-c', `nc -ll -p ${PORT} -e echo hello >/dev/null 2>&1 &`])
  return environment
}

async function greetingOf(address: string): Promise<string> {
  const socket = connect(PORT, address)
  const [data] = await once(socket, 'data').catch(() => [''])
  socket.destroy()
  return String(data)
}

test(
  'guests that share a network do not reach one another',
  async () => {
    const [one, other] = await Promise.all([start(), start()])
    const addresses = [one, other].map(({ context }) => context.waitForIp4Address({ timeoutMs: GUEST_MS }))
    const [address = '', otherAddress = ''] = await Promise.all(addresses)
    expect(one.context.network?.uuid).toBe(other.context.network?.uuid)
    expect(address).not.toBe(otherAddress)
    for (const each of [address, otherAddress]) await expect.poll(() => greetingOf(each)).toBe('hello\n')
    const itself = await one.context.agent.exec(['nc', '-w', '3', '127.0.0.1', String(PORT)])
    expect(itself.stdout.toString()).toBe('hello\n')
    const asked = await one.context.agent.exec(['nc', '-w', '3', otherAddress, String(PORT)])
    expect(asked.stdout.toString()).toBe('')
  },
  GUEST_MS,
)
