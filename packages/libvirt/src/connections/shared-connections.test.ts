import { randomUUID } from 'node:crypto'
import { getEventListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { Hypervisor } from '../objects/hypervisor.ts'
import { collectGarbage } from '../testing/collect-garbage.ts'
import { FakeDaemon, type FakeCall, type FakePeer } from '../testing/index.ts'

type Lookup = FakeCall<'DOMAIN_LOOKUP_BY_NAME'>

let daemon: FakeDaemon
const held = new Map<string, Lookup[]>()

beforeEach(async () => {
  daemon = await FakeDaemon.start()
  daemon.on('CONNECT_GET_HOSTNAME', (call) => call.reply({ hostname: 'host' }))
  daemon.on('CONNECT_GET_TYPE', (call) => call.reply({ type: 'fake' }))
  daemon.on('DOMAIN_LOOKUP_BY_NAME', (call, { name }) => held.get(name)?.push(call))
})

afterEach(async () => {
  await daemon[Symbol.asyncDispose]()
})

async function open(signal?: AbortSignal): Promise<Hypervisor> {
  const hypervisor = await Hypervisor.open(daemon.uri, { shared: true, signal })
  onTestFinished(() => hypervisor.close())
  return hypervisor
}

const received = (name: string): number => daemon.received.filter((each) => each === name).length

const openConnections = (): number => daemon.peers.filter(({ socket }) => !socket.closed).length

const aDomain = { dom: { name: 'x', uuid: Buffer.alloc(16), id: 1 } }

interface HeldCalls {
  /** As the daemon has them. */
  readonly calls: readonly Lookup[]
  /** As their callers have them. */
  readonly outcomes: readonly Promise<unknown>[]
}

/** Calls that the daemon has received and does not answer. */
async function hold(hypervisor: Hypervisor, count: number, signal?: AbortSignal): Promise<HeldCalls> {
  const [name, calls]: [string, Lookup[]] = [randomUUID(), []]
  held.set(name, calls)
  const outcomes = Array.from({ length: count }, () => hypervisor.domainLookupByName(name, { signal }))
  for (const outcome of outcomes) outcome.catch(() => undefined)
  await expect.poll(() => calls.length).toBe(count)
  return { calls, outcomes }
}

function lifecycle(peer: FakePeer | undefined, callbackID: number, event: number): void {
  const msg = { dom: aDomain.dom, event, detail: 0 }
  peer?.send(peer.eventBytes('DOMAIN_EVENT_CALLBACK_LIFECYCLE', { callbackID, msg }))
}

function answerRegistrations(): void {
  daemon.on('CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY', (call) => call.reply({ callbackID: 1 }))
  daemon.on('CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY', (call) => call.reply(undefined))
}

describe('sharing', () => {
  test('is one connection for all who ask for the same URI, and no other', async () => {
    const [a, b] = await Promise.all([open(), open()])
    const c = await open()
    for (const each of [a, b, c]) expect(await each.getHostname()).toBe('host')
    expect(daemon.peers).toHaveLength(1)
    await using _ = await Hypervisor.open(daemon.uri)
    await using other = await Hypervisor.open(`${daemon.uri}&x=1`, { shared: true })
    expect(await other.getHostname()).toBe('host')
    expect(daemon.peers).toHaveLength(3)
  })

  test('ends with the last user who leaves, and is opened again after that', async () => {
    const [a, b] = await Promise.all([open(), open()])
    await a.close()
    expect(openConnections()).toBe(1)
    expect(await b.getHostname()).toBe('host')
    await b.close()
    await expect.poll(openConnections).toBe(0)
    expect(received('CONNECT_CLOSE')).toBe(1)
    expect(await (await open()).getHostname()).toBe('host')
    expect(daemon.peers).toHaveLength(2)
  })

  test('outlasts one who comes while the last one leaves', async () => {
    const a = await open()
    const [b] = await Promise.all([open(), a.close()])
    expect(await b.getHostname()).toBe('host')
    expect(daemon.peers).toHaveLength(1)
  })

  test('goes without what is of one connection alone', async () => {
    // @ts-expect-error: who opens first would decide for all.
    await (await Hypervisor.open(daemon.uri, { shared: true, timeoutMs: 1 })).close()
  })
})

describe('a further connection', () => {
  test('is opened when all places are taken, and not before', async () => {
    const [a, b, c] = await Promise.all([open(), open(), open()])
    const { calls, outcomes } = await hold(a, 3)
    expect(await b.getHostname()).toBe('host')
    expect(daemon.peers).toHaveLength(1)
    calls[0]?.reply(aDomain)
    await outcomes[0]
    await hold(a, 2)
    expect(await b.getHostname()).toBe('host')
    expect(daemon.peers).toHaveLength(2)
    await hold(b, 4)
    expect(await c.getHostname()).toBe('host')
    expect(daemon.peers).toHaveLength(3)
  })

  test('is opened for as many calls as wait', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => open()))
    await Promise.all(all.map((each) => hold(each, 4)))
    expect(daemon.peers).toHaveLength(5)
  })

  test('is not opened for one who has four calls under way, be they given up', async () => {
    const [a, b] = await Promise.all([open(), open()])
    const controller = new AbortController()
    const { calls, outcomes } = await hold(a, 4, controller.signal)
    const waiting = Array.from({ length: 9 }, () => a.getHostname())
    controller.abort()
    await Promise.allSettled(outcomes)
    expect(await b.getType()).toBe('fake')
    expect(received('CONNECT_GET_HOSTNAME')).toBe(0)
    calls[0]?.reply(aDomain)
    await Promise.all(waiting)
    expect(daemon.peers).toHaveLength(2)
  })

  test('stays until the last one leaves, and is used again', async () => {
    const [a, b, c] = await Promise.all([open(), open(), open()])
    const both = await Promise.all([hold(a, 4), hold(b, 1)])
    for (const call of both.flatMap(({ calls }) => calls)) call.reply(aDomain)
    await Promise.all(both.flatMap(({ outcomes }) => outcomes))
    await a.close()
    expect(openConnections()).toBe(2)
    await Promise.all([hold(b, 4), hold(c, 4)])
    expect(daemon.peers).toHaveLength(2)
    await Promise.all([b.close(), c.close()])
    await expect.poll(openConnections).toBe(0)
  })

  test('that cannot be opened lets the call wait for a place', async () => {
    const [a, b] = await Promise.all([open(), open()])
    const { calls } = await hold(a, 4)
    daemon.on('CONNECT_OPEN', (call) => call.replyError({ message: 'too many' }))
    const waiting = b.getHostname()
    await expect.poll(() => daemon.peers.length).toBe(2)
    await expect.poll(openConnections).toBe(1)
    expect(received('CONNECT_GET_HOSTNAME')).toBe(0)
    calls[2]?.reply(aDomain)
    await expect(waiting).resolves.toBe('host')
    // The next call tries it again.
    daemon.on('CONNECT_OPEN', (call) => call.reply(undefined))
    await hold(a, 1)
    expect(await b.getHostname()).toBe('host')
    expect(daemon.peers).toHaveLength(3)
  })

  test('that takes its time is not waited for when a place comes free, nor when all leave', async () => {
    const [a, b] = await Promise.all([open(), open()])
    const { calls } = await hold(a, 4)
    daemon.on('CONNECT_OPEN', () => {})
    const waiting = b.getHostname()
    await expect.poll(() => received('CONNECT_OPEN')).toBe(2)
    calls[0]?.reply(aDomain)
    await expect(waiting).resolves.toBe('host')
    await Promise.all([a.close(), b.close()])
    await expect.poll(openConnections).toBe(0)
  })

  test('takes all who wait but for those whom a place was found for meanwhile', async () => {
    const [a, b] = await Promise.all([open(), open()])
    const { calls } = await hold(a, 4)
    const openings: FakeCall<'CONNECT_OPEN'>[] = []
    daemon.on('CONNECT_OPEN', (call) => openings.push(call))
    const more = hold(b, 3)
    await expect.poll(() => openings.length).toBe(1)
    calls[0]?.reply(aDomain)
    await expect.poll(() => received('DOMAIN_LOOKUP_BY_NAME')).toBe(5)
    openings[0]?.reply(undefined)
    const peers = (await more).calls.map(({ peer }) => daemon.peers.indexOf(peer))
    expect(peers).toEqual([0, 1, 1])
  })

  test('is not opened for who does not share', async () => {
    await using hypervisor = await Hypervisor.open(daemon.uri)
    await hold(hypervisor, 4)
    const waiting = hypervisor.getHostname()
    waiting.catch(() => undefined)
    await delay(20)
    expect(daemon.peers).toHaveLength(1)
    expect(received('CONNECT_GET_HOSTNAME')).toBe(0)
  })
})

test('a call that is not sent takes no place', async () => {
  const a = await open()
  const refused = await Promise.allSettled(Array.from({ length: 5 }, () => a.domainLookupByName('a\0b')))
  for (const each of refused) expect(each).toMatchObject({ status: 'rejected', reason: { code: 'XDR' } })
  const { calls } = await hold(a, 4)
  const b = await open()
  daemon.on('CONNECT_OPEN', () => {})
  // The first waits for one of a's own calls, the others for any place.
  const controller = new AbortController()
  const given = [a, b, b, b, b].map((each) => each.getHostname({ signal: controller.signal }))
  controller.abort()
  for (const each of given) await expect(each).rejects.toThrow('aborted')
  await expect(a.getHostname({ signal: controller.signal })).rejects.toThrow('aborted')
  expect(received('CONNECT_GET_HOSTNAME')).toBe(0)
  calls[0]?.reply(aDomain)
  expect(await Promise.all([a.getHostname(), b.getHostname()])).toEqual(['host', 'host'])
})

describe('close', () => {
  test("ends one's own calls, and no other user's", async () => {
    const [a, b] = await Promise.all([open(), open()])
    daemon.on('CONNECT_OPEN', () => {})
    const ofA = await hold(a, 2)
    const ofB = await hold(b, 2)
    let isOverForB = false
    void b.closed.then(() => (isOverForB = true))
    const queued = [a.getHostname(), b.getHostname()]
    for (const each of queued) each.catch(() => undefined)
    await a.close()
    for (const outcome of [...ofA.outcomes, queued[0]]) {
      await expect(outcome).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
    }
    await expect(a.getHostname()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
    await expect(a.on('domainReboot', () => {})).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
    await expect(a.closed).resolves.toBeUndefined()
    // What it gave up is still at work in the daemon.
    await delay(20)
    expect(received('CONNECT_GET_HOSTNAME')).toBe(0)
    for (const call of ofA.calls) call.reply(aDomain)
    await expect(queued[1]).resolves.toBe('host')
    for (const call of ofB.calls) call.reply(aDomain)
    for (const outcome of ofB.outcomes) await expect(outcome).resolves.toMatchObject({ name: 'x' })
    expect(received('CONNECT_GET_HOSTNAME')).toBe(1)
    expect(isOverForB).toBe(false)
  })

  test('is harmless when repeated', async () => {
    const [a, b] = await Promise.all([open(), open()])
    await Promise.all([a.close(), a.close()])
    await a.close()
    expect(await b.getHostname()).toBe('host')
  })

  test('leaves nothing of itself to the connection', async () => {
    const b = await open()
    answerRegistrations()
    const { signal } = new AbortController()
    const warnings: Error[] = []
    const note = (warning: Error): unknown => warnings.push(warning)
    process.on('warning', note)
    onTestFinished(() => void process.off('warning', note))
    const use = async (): Promise<WeakRef<Hypervisor>> => {
      const a = await Hypervisor.open(daemon.uri, { shared: true, signal })
      await a.on('domainReboot', () => a.uri, { signal })
      // The daemon never answers these.
      const waiting = [a.domainLookupByName('x', { signal }), a.domainLookupByName('x')]
      for (const each of waiting) each.catch(() => undefined)
      await Promise.all(Array.from({ length: 40 }, () => a.getHostname()))
      await a.close()
      return new WeakRef(a)
    }
    const closed: WeakRef<Hypervisor>[] = []
    for (let i = 0; i < 20; i++) closed.push(await use())
    expect(getEventListeners(signal, 'abort')).toEqual([])
    await expect
      .poll(() => collectGarbage() ?? closed.filter((each) => each.deref() !== undefined))
      .toEqual([])
    expect(warnings).toEqual([])
    expect(await b.getHostname()).toBe('host')
  })
})

describe('events', () => {
  test('reach who registered for them, until he leaves', async () => {
    answerRegistrations()
    const [a, b] = await Promise.all([open(), open()])
    const seen: string[] = []
    await a.on('domainLifecycle', ({ type }) => seen.push(`a ${type}`))
    await b.on('domainLifecycle', ({ type, domain }) => seen.push(`b ${type} ${domain.hypervisor === b}`))
    // libvirtd refuses the same registration of the same connection.
    const [, ofA, ofB] = daemon.peers
    lifecycle(ofB, 1, 0)
    await expect.poll(() => seen).toEqual(['b defined true'])
    lifecycle(ofA, 1, 1)
    await expect.poll(() => seen).toEqual(['b defined true', 'a undefined'])
    await a.close()
    await expect.poll(() => ofA?.socket.closed).toBe(true)
    lifecycle(ofB, 1, 2)
    await expect.poll(() => seen).toEqual(['b defined true', 'a undefined', 'b started true'])
  })

  test('of one come by one connection, which calls that are held up do not hold up', async () => {
    answerRegistrations()
    const a = await open()
    await hold(a, 4)
    const kinds = ['domainLifecycle', 'domainReboot'] as const
    const registrations = await Promise.all(kinds.map((kind) => a.on(kind, () => {})))
    await Promise.all(registrations.map((each) => each.off()))
    expect(daemon.received.filter((name) => name.includes('DEREGISTER'))).toHaveLength(2)
    expect(daemon.peers).toHaveLength(2)
  })

  test('are not waited for by who leaves, nor by who gives up', async () => {
    const [a, b] = await Promise.all([open(), open()])
    let opened = 0
    daemon.on('CONNECT_OPEN', () => opened++)
    const controller = new AbortController()
    const given = b.on('domainReboot', () => {}, { signal: controller.signal })
    const left = a.on('domainReboot', () => {})
    left.catch(() => undefined)
    await expect.poll(() => opened).toBe(2)
    controller.abort()
    await expect(given).rejects.toThrow('aborted')
    await a.close()
    await expect(left).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
    await expect.poll(openConnections).toBe(2)
    await b.close()
    await expect.poll(openConnections).toBe(0)
  })

  test('can be asked for again when there was no connection for them', async () => {
    answerRegistrations()
    const a = await open()
    daemon.on('CONNECT_OPEN', (call) => call.replyError({ message: 'too many' }))
    await expect(a.on('domainReboot', () => {})).rejects.toThrow('too many')
    daemon.on('CONNECT_OPEN', (call) => call.reply(undefined))
    await a.on('domainReboot', () => {})
    expect(await a.getHostname()).toBe('host')
  })

  test('are lost with their connection, which others have nothing to do with', async () => {
    answerRegistrations()
    const [a, b] = await Promise.all([open(), open()])
    await a.on('domainReboot', () => {})
    daemon.peers[1]?.socket.destroy()
    await expect(a.closed).resolves.toMatchObject({ code: 'CONNECTION_LOST' })
    await expect(a.getHostname()).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
    await expect(a.on('domainReboot', () => {})).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
    expect(await b.getHostname()).toBe('host')
    await b.close()
    await expect.poll(openConnections).toBe(0)
  })
})

describe('a lost connection', () => {
  test.each([0, 1])('takes all along, be it number %i', async (index) => {
    answerRegistrations()
    const [a, b, c] = await Promise.all([open(), open(), open()])
    const outcomes = (await Promise.all([hold(a, 4), hold(b, 4)])).flatMap((each) => each.outcomes)
    await a.on('domainReboot', () => {})
    expect(daemon.peers).toHaveLength(3)
    daemon.on('CONNECT_OPEN', () => {})
    const waiting = [...outcomes, c.getHostname(), c.on('domainReboot', () => {})]
    for (const each of waiting) each.catch(() => undefined)
    await expect.poll(() => received('CONNECT_OPEN')).toBe(5)
    daemon.peers[index]?.socket.destroy()
    for (const each of waiting) await expect(each).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
    for (const each of [a, b, c]) {
      await expect(each.closed).resolves.toMatchObject({ code: 'CONNECTION_LOST' })
      await expect(each.getHostname()).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
      await each.close()
    }
    await expect.poll(openConnections).toBe(0)
  })

  test('is reported to a user who reconnects as soon as it is reported', async () => {
    const a = await open()
    const { outcomes } = await hold(a, 1)
    const again = outcomes[0]?.catch(() => open())
    daemon.peers[0]?.socket.destroy()
    const b = await again
    if (!(b instanceof Hypervisor)) throw new Error('the call did not fail')
    expect(await b.getHostname()).toBe('host')
  })
})

describe('opening', () => {
  test('fails for all who wait for it, and is tried again by the next', async () => {
    daemon.on('CONNECT_OPEN', (call) => call.replyError({ code: 5, message: 'no connection driver' }))
    const outcomes = await Promise.allSettled([open(), open()])
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'VIR_ERR_NO_CONNECT' } })
    }
    expect(daemon.peers).toHaveLength(1)
    await expect.poll(openConnections).toBe(0)
    daemon.on('CONNECT_OPEN', (call) => call.reply(undefined))
    expect(await (await open()).getHostname()).toBe('host')
  })

  test('goes on for the others when one gives it up', async () => {
    const calls: FakeCall<'CONNECT_OPEN'>[] = []
    daemon.on('CONNECT_OPEN', (call) => calls.push(call))
    const controller = new AbortController()
    const [given, wanted] = [open(controller.signal), open()]
    await expect.poll(() => calls.length).toBe(1)
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(given).rejects.toBe(reason)
    calls[0]?.reply(undefined)
    expect(await (await wanted).getHostname()).toBe('host')
    expect(daemon.peers).toHaveLength(1)
  })

  test('ends when all users give it up, and the next one starts again', async () => {
    let opened = 0
    daemon.on('CONNECT_OPEN', () => opened++)
    const controller = new AbortController()
    const both = Promise.allSettled([open(controller.signal), open(controller.signal)])
    await expect.poll(() => opened).toBe(1)
    daemon.on('CONNECT_OPEN', (call) => call.reply(undefined))
    controller.abort()
    expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await (await open()).getHostname()).toBe('host')
    expect(daemon.peers).toHaveLength(2)
    await expect.poll(openConnections).toBe(1)
  })

  test('does not begin for a signal that has already fired', async () => {
    await expect(open(AbortSignal.abort())).rejects.toThrow('aborted')
    await delay(20)
    expect(daemon.peers).toHaveLength(0)
    expect(await (await open()).getHostname()).toBe('host')
  })
})
