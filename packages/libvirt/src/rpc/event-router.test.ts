import { afterEach, beforeEach, expect, test } from 'vitest'
import type { MessageOf } from '../protocol/procedure-types.ts'
import { Hypervisor } from '../objects/hypervisor.ts'
import { FakeDaemon, type FakePeer } from '../testing/index.ts'

let daemon: FakeDaemon
let hypervisor: Hypervisor

beforeEach(async () => {
  daemon = await FakeDaemon.start()
  daemon.on('CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY', (call) => call.reply(undefined))
  daemon.on('CONNECT_NETWORK_EVENT_DEREGISTER_ANY', (call) => call.reply(undefined))
  hypervisor = await Hypervisor.open(daemon.uri)
})

afterEach(async () => {
  await hypervisor.close()
  await daemon[Symbol.asyncDispose]()
})

function message(callbackID: number, event: number): MessageOf<'DOMAIN_EVENT_CALLBACK_LIFECYCLE'> {
  return { callbackID, msg: { dom: { name: 'demo', uuid: Buffer.alloc(16, 1), id: 1 }, event, detail: 0 } }
}

function lifecycle(peer: FakePeer, callbackID: number, event: number): Buffer {
  return peer.eventBytes('DOMAIN_EVENT_CALLBACK_LIFECYCLE', message(callbackID, event))
}

test('an event in the same chunk as the reply to its registration is delivered', async () => {
  daemon.on('CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY', (call) =>
    call.peer.send(
      call.replyBytes({ callbackID: 7 }),
      lifecycle(call.peer, 7, 2),
      lifecycle(call.peer, 7, 5),
    ),
  )
  const seen: string[] = []
  await using _ = await hypervisor.on('domainLifecycle', ({ domain, type }) =>
    seen.push(`${domain.name} ${type}`),
  )
  expect(seen).toEqual(['demo started', 'demo stopped'])
})

test('events that overtake the reply to their registration are delivered, in order, and no others', async () => {
  daemon.on('CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY', (call) =>
    call.peer.send(
      lifecycle(call.peer, 7, 0),
      lifecycle(call.peer, 8, 8),
      lifecycle(call.peer, 7, 2),
      call.replyBytes({ callbackID: 7 }),
    ),
  )
  const seen: string[] = []
  await using _ = await hypervisor.on('domainLifecycle', ({ type }) => seen.push(type))
  expect(seen).toEqual(['defined', 'started'])
})

test('the same callback number of another kind of object is another callback', async () => {
  daemon.on('CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY', (call) => call.reply({ callbackID: 1 }))
  daemon.on('CONNECT_NETWORK_EVENT_REGISTER_ANY', (call) => call.reply({ callbackID: 1 }))
  const seen: string[] = []
  await using domains = await hypervisor.on('domainLifecycle', ({ type }) => seen.push(`domain ${type}`))
  await using networks = await hypervisor.on('networkLifecycle', ({ type }) => seen.push(`network ${type}`))
  const peer = daemon.peers[0]
  const net = { name: 'n', uuid: Buffer.alloc(16) }
  peer?.send(peer.eventBytes('NETWORK_EVENT_LIFECYCLE', { callbackID: 1, net, event: 3, detail: 0 }))
  peer?.send(lifecycle(peer, 1, 99))
  await expect.poll(() => seen).toEqual(['network stopped', 'domain unknown'])
  expect(domains).not.toBe(networks)
})

test('one domain can be listened to alone', async () => {
  let name: string | undefined
  daemon.on('DOMAIN_LOOKUP_BY_NAME', (call) => call.reply({ dom: message(1, 1).msg.dom }))
  daemon.on('CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY', (call, { dom }) => {
    name = dom?.name
    call.reply({ callbackID: 1 })
  })
  const domain = await hypervisor.domainLookupByName('demo')
  await using _ = await hypervisor.on('domainReboot', () => {}, { domain })
  expect(name).toBe('demo')
})

test('nothing is delivered after off(), which the daemon hears of once', async () => {
  daemon.on('CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY', (call) => call.reply({ callbackID: 3 }))
  const seen: string[] = []
  const registration = await hypervisor.on('domainLifecycle', ({ type }) => seen.push(type))
  const off = registration.off()
  const peer = daemon.peers[0]
  peer?.send(lifecycle(peer, 3, 2))
  await off
  await registration.off()
  daemon.on('CONNECT_GET_HOSTNAME', (call) => call.reply({ hostname: 'x' }))
  await hypervisor.getHostname()
  expect(seen).toEqual([])
  expect(daemon.received.filter((name) => name.includes('DEREGISTER'))).toHaveLength(1)
})

test('off() on a connection that is gone is harmless', async () => {
  daemon.on('CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY', (call) => call.reply({ callbackID: 3 }))
  const registration = await hypervisor.on('domainLifecycle', () => {})
  daemon.peers[0]?.socket.destroy()
  await hypervisor.closed
  await registration.off()
})

test('a signal during the registration takes it back', async () => {
  const controller = new AbortController()
  daemon.on('CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY', (call) => {
    controller.abort()
    call.reply({ callbackID: 3 })
  })
  const registering = hypervisor.on('domainLifecycle', () => {}, { signal: controller.signal })
  await expect(registering).rejects.toThrow('aborted')
  expect(daemon.received).toContain('CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY')
})

test('an event that makes no sense ends the connection', async () => {
  daemon.on('CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY', (call) => {
    const event = lifecycle(call.peer, 7, 2)
    const longer = Buffer.concat([event, Buffer.alloc(4)])
    longer.writeUInt32BE(longer.length, 0)
    call.peer.send(call.replyBytes({ callbackID: 7 }), longer)
  })
  await using _ = await hypervisor.on('domainLifecycle', () => {})
  await expect(hypervisor.closed).resolves.toMatchObject({ code: 'PROTOCOL' })
})
