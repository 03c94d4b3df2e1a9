import { createServer, connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { giveIdentityAtPort } from './identity.ts'

const identity = { hostname: 'see-1', macAddress: '52:54:00:00:00:01', card: '52:54:00:00:00:02' }

/** The host's end of a port at whose other end is `guest`. */
async function port(guest: (socket: Socket) => void): Promise<Socket> {
  const folder = mkdtempSync(join(tmpdir(), 'see-port-'))
  const server = createServer((socket) => guest(socket.on('error', () => undefined)))
  server.listen(join(folder, 'port'))
  await once(server, 'listening')
  const socket = connect(join(folder, 'port'))
  onTestFinished(() => {
    socket.destroy()
    server.close()
    rmSync(folder, { recursive: true })
  })
  await once(socket, 'connect')
  return socket
}

function silence(): void {}

async function tell(guest: (socket: Socket) => void, timeoutMs = 10_000): Promise<void> {
  await giveIdentityAtPort(await port(guest), identity, timeoutMs)
}

test('sends a guest its identity, in lines of which the last is empty', async () => {
  let told = ''
  await tell((socket) => {
    socket.setEncoding('utf8').on('data', (text: string) => {
      told += text
      if (told.endsWith('\n\n')) for (const part of ['o', 'k\n']) socket.write(part)
    })
  })
  const keys = told.split('\n').map((line) => line.split('=')[0])
  expect(keys).toEqual(['entropy', 'time', 'hostname', 'machine-id', 'ssh-ed25519', 'card', 'mac', '', ''])
  expect(told).toContain('hostname=see-1\n')
})

test.each([
  ['refuses', (socket: Socket) => void socket.write('error: no such thing\n'), /no such thing/],
  ['goes on forever', (socket: Socket) => void socket.write('x'.repeat(1_000_000)), /xxxxx/],
  ['goes away', (socket: Socket) => void socket.end('o'), /did not take its identity/],
])('says what a guest said that %s', async (_what, guest, message) => {
  const failure = await tell(guest).catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'TEMPLATE_IDENTITY', message: expect.stringMatching(message) })
  expect(String(failure).length).toBeLessThan(1000)
})

test('waits no longer than it may for one that says nothing', async () => {
  await expect(tell(silence, 50)).rejects.toThrow(/did not confirm its identity within 50 ms/)
})
