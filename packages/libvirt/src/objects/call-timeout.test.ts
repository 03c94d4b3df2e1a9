import { afterEach, beforeEach, expect, test } from 'vitest'
import { FakeDaemon, type FakeCall } from '../testing/index.ts'
import { Hypervisor } from './hypervisor.ts'

let daemon: FakeDaemon

beforeEach(async () => {
  daemon = await FakeDaemon.start()
})

afterEach(async () => {
  await daemon[Symbol.asyncDispose]()
})

const domain = { name: 'x', uuid: Buffer.alloc(16), id: 1 }

test.each([false, true] as const)(
  'a call that is not answered in time fails, its late answer is passed over, and the connection goes on (shared: %s)',
  async (shared) => {
    const held: FakeCall<'CONNECT_GET_HOSTNAME'>[] = []
    daemon.on('CONNECT_GET_HOSTNAME', (call) => held.push(call))
    daemon.on('CONNECT_GET_TYPE', (call) => call.reply({ type: 'fake' }))
    await using hypervisor = await (shared
      ? Hypervisor.open(daemon.uri, { shared })
      : Hypervisor.open(daemon.uri))
    await expect(hypervisor.getHostname({ timeoutMs: 30 })).rejects.toMatchObject({
      code: 'CALL_TIMEOUT',
      message: expect.stringMatching(/did not answer CONNECT_GET_HOSTNAME within 30 ms/),
    })
    held[0]?.reply({ hostname: 'late' })
    expect(await hypervisor.getType({ timeoutMs: 5000 })).toBe('fake')
  },
)

test('a signal that aborts first is what the call fails with', async () => {
  await using hypervisor = await Hypervisor.open(daemon.uri)
  const abort = new AbortController()
  const call = hypervisor.getHostname({ timeoutMs: 5000, signal: abort.signal })
  abort.abort(new Error('enough'))
  await expect(call).rejects.toThrow('enough')
  await expect(hypervisor.getHostname({ timeoutMs: 5000, signal: abort.signal })).rejects.toThrow('enough')
})

test('the opening of a stream has a bound, and leaves no connection behind', async () => {
  daemon.on('DOMAIN_LOOKUP_BY_NAME', (call) => call.reply({ dom: domain }))
  await using hypervisor = await Hypervisor.open(daemon.uri)
  const found = await hypervisor.domainLookupByName('x')
  await expect(found.screenshot({ timeoutMs: 30 })).rejects.toMatchObject({ code: 'CALL_TIMEOUT' })
  await expect.poll(() => daemon.peers.map(({ socket }) => socket.closed)).toEqual([false, true])
})

test('a stream that was opened in time goes on after that time', async () => {
  daemon.on('DOMAIN_LOOKUP_BY_NAME', (call) => call.reply({ dom: domain }))
  daemon.on('DOMAIN_SCREENSHOT', (call) => {
    call.reply({ mime: 'image/png' })
    setTimeout(() => call.stream(2, Buffer.from('late')), 80)
  })
  await using hypervisor = await Hypervisor.open(daemon.uri)
  const { data } = await (await hypervisor.domainLookupByName('x')).screenshot({ timeoutMs: 50 })
  const [first] = await data.take(1).toArray()
  expect(String(first)).toBe('late')
  data.destroy()
})

test('a bound for all calls is that of each without one of its own', async () => {
  const held: FakeCall<'CONNECT_GET_HOSTNAME'>[] = []
  daemon.on('CONNECT_GET_HOSTNAME', (call) => held.push(call))
  await using hypervisor = await Hypervisor.open(daemon.uri, { callTimeoutMs: 30 })
  await expect(hypervisor.getHostname()).rejects.toMatchObject({ code: 'CALL_TIMEOUT' })
  const patient = hypervisor.getHostname({ timeoutMs: 5000 })
  await expect.poll(() => held.length).toBe(2)
  setTimeout(() => held[1]?.reply({ hostname: 'late' }), 60)
  expect(await patient).toBe('late')
})
