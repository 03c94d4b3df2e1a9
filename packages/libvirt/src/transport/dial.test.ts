import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { dial } from './dial.ts'
import { parseUri } from './uri.ts'

let folder: string
let path: string
let server: Server

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'see-dial-'))
  path = join(folder, 'sock')
  server = createServer().listen(path)
  await once(server, 'listening')
})

afterEach(async () => {
  await new Promise((resolve) => server.close(resolve))
  rmSync(folder, { recursive: true })
})

test.each(['test', 'test+unix'])('%s: a stream to the Unix socket that the URI names', async (scheme) => {
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve))
  const { stream, where } = await dial(parseUri(`${scheme}:///default?socket=${path}`))
  const peer = await accepted
  peer.end('hello')
  expect(await stream.toArray()).toEqual([Buffer.from('hello')])
  expect(where).toBe(path)
})

test('a missing socket: the daemon is unreachable, and the message names the socket', async () => {
  const missing = join(folder, 'missing')
  await expect(dial(parseUri(`test:///default?socket=${missing}`))).rejects.toMatchObject({
    code: 'DAEMON_UNREACHABLE',
    message: expect.stringContaining(missing),
  })
})

test('does not connect once the signal has aborted', async () => {
  const uri = parseUri(`test:///default?socket=${path}`)
  let connections = 0
  server.on('connection', () => connections++)
  await expect(dial(uri, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
  expect(connections).toBe(0)
})
