import { afterEach, beforeEach, expect, test } from 'vitest'
import { Hypervisor } from '../objects/hypervisor.ts'
import { FakeDaemon } from '../testing/index.ts'

let daemon: FakeDaemon

beforeEach(async () => {
  daemon = await FakeDaemon.start()
})

afterEach(async () => {
  await daemon[Symbol.asyncDispose]()
})

test('asks in the order that libvirtd expects', async () => {
  let name: string | null = null
  daemon.on('CONNECT_OPEN', (call, args) => {
    name = args.name
    call.reply(undefined)
  })
  await using _ = await Hypervisor.open(daemon.uri)
  expect(daemon.received).toEqual(['AUTH_LIST', 'CONNECT_SUPPORTS_FEATURE', 'CONNECT_OPEN'])
  expect(name).toBe('test:///default')
})

test('polkit is asked where it is the only way', async () => {
  daemon.authTypes = [2]
  daemon.on('AUTH_POLKIT', (call) => call.reply({ complete: 1 }))
  await using _ = await Hypervisor.open(daemon.uri)
  expect(daemon.received).toContain('AUTH_POLKIT')
})

test("polkit's refusal says what to do", async () => {
  daemon.authTypes = [2]
  daemon.on('AUTH_POLKIT', (call) => call.replyError({ code: 45, message: 'authentication unavailable' }))
  const opening = Hypervisor.open(daemon.uri)
  await expect(opening).rejects.toMatchObject({ code: 'AUTHENTICATION_REFUSED' })
  await expect(opening).rejects.toThrow(
    "(authentication unavailable); run as root, or join the group 'libvirt'",
  )
})

test('SASL is refused with a word about the configuration', async () => {
  daemon.authTypes = [1]
  await expect(Hypervisor.open(daemon.uri)).rejects.toThrow('auth_unix_rw in libvirtd.conf')
})

test('a daemon that does not open the URI leaves no connection behind', async () => {
  daemon.on('CONNECT_OPEN', (call) => call.replyError({ code: 5, message: 'no connection driver' }))
  await expect(Hypervisor.open(daemon.uri)).rejects.toMatchObject({
    code: 'VIR_ERR_NO_CONNECT',
    message: 'no connection driver',
  })
  await expect.poll(() => daemon.peers[0]?.socket.closed).toBe(true)
})

test('a daemon that never answers is given up', async () => {
  daemon.on('CONNECT_OPEN', () => {})
  const opening = Hypervisor.open(daemon.uri, { timeoutMs: 50 })
  await expect(opening).rejects.toMatchObject({ code: 'DAEMON_UNREACHABLE' })
  await expect(opening).rejects.toThrow('within 50 ms')
  await expect.poll(() => daemon.peers[0]?.socket.closed).toBe(true)
})

test('a signal ends the opening with its own reason', async () => {
  const reason = new Error('enough')
  daemon.on('CONNECT_OPEN', () => controller.abort(reason))
  const controller = new AbortController()
  await expect(Hypervisor.open(daemon.uri, { signal: controller.signal })).rejects.toBe(reason)
})

test('no daemon: the message says where and how to start one', async () => {
  const opening = Hypervisor.open('test+unix:///default?socket=/nonexistent/libvirt-sock')
  await expect(opening).rejects.toMatchObject({ code: 'DAEMON_UNREACHABLE', cause: { code: 'ENOENT' } })
  await expect(opening).rejects.toThrow('at /nonexistent/libvirt-sock; no daemon listens there: start it')
})
