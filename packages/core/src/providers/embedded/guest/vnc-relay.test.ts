import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { VncRelay } from './vnc-relay.ts'

test('a viewer reaches the screen’s socket, each relay at a port of its own, until it is closed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'see-vnc-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'screen')
  const screen = createServer((viewer) => {
    viewer.write('RFB')
    viewer.pipe(viewer)
  }).listen(path)
  await once(screen, 'listening')
  onTestFinished(() => void screen.close())
  const [relay, other] = [new VncRelay(path), new VncRelay(path)]
  expect(relay.port).toBeUndefined()
  for (const each of [relay, other]) {
    await each.open()
    onTestFinished(() => each.close())
  }
  const { host, port } = relay
  expect([relay.port, other.port]).toEqual([expect.any(Number), expect.any(Number)])
  expect(port).not.toBe(other.port)
  const viewer = connect(port ?? 0, host)
  expect(String((await once(viewer, 'data'))[0])).toBe('RFB')
  viewer.write('hello')
  expect(String((await once(viewer, 'data'))[0])).toBe('hello')
  const closed = once(viewer, 'close')
  relay.close()
  await closed
  await expect(once(connect(port ?? 0, host), 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('a viewer of a screen that is off is turned away', async () => {
  const relay = new VncRelay('/nowhere/screen')
  await relay.open()
  onTestFinished(() => relay.close())
  const viewer = connect(relay.port ?? 0, relay.host).on('error', () => undefined)
  await once(viewer, 'close')
})
