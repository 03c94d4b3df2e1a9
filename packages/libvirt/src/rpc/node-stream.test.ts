import { buffer } from 'node:stream/consumers'
import { finished, pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Hypervisor } from '../objects/hypervisor.ts'
import { MessageStatus, type Packet } from '../protocol/packet.ts'
import { StorageVolume } from '../objects/storage-volume.ts'
import { FakeDaemon } from '../testing/index.ts'

const { ok, error, continue: more } = MessageStatus

let daemon: FakeDaemon
let hypervisor: Hypervisor
let volume: StorageVolume
let packets: Packet[]

beforeEach(async () => {
  daemon = await FakeDaemon.start()
  hypervisor = await Hypervisor.open(daemon.uri)
  volume = new StorageVolume(hypervisor, { pool: 'pool', name: 'volume', key: 'key' })
  packets = []
  daemon.onStreamPacket = (packet) => packets.push(packet)
})

afterEach(async () => {
  await hypervisor.close()
  await daemon[Symbol.asyncDispose]()
})

/** Whether the stream's own connection is closed, and the hypervisor's is not. */
async function onlyStreamClosed(): Promise<void> {
  await expect.poll(() => daemon.peers.map((peer) => peer.socket.closed)).toEqual([false, true])
}

describe('download', () => {
  test('the end is answered with OK, and reported when the daemon has confirmed it', async () => {
    daemon.on('STORAGE_VOL_DOWNLOAD', (call) => {
      call.reply(undefined)
      call.stream(more, Buffer.from('hello '))
      call.stream(more, Buffer.from('world'))
      call.stream(more)
      daemon.onStreamPacket = (packet) => {
        packets.push(packet)
        call.stream(ok)
      }
    })
    const stream = await volume.download()
    await expect(buffer(stream)).resolves.toEqual(Buffer.from('hello world'))
    expect(packets.map((p) => [p.status, p.body.length])).toEqual([[ok, 0]])
    await onlyStreamClosed()
  })

  test('asks no keepalive of a connection that may be paused', async () => {
    daemon.on('STORAGE_VOL_DOWNLOAD', (call) => call.reply(undefined))
    const stream = await volume.download()
    expect(daemon.received.filter((name) => name === 'CONNECT_SUPPORTS_FEATURE')).toHaveLength(1)
    stream.destroy()
    await onlyStreamClosed()
  })

  test('does not end before the daemon confirmed it', async () => {
    daemon.on('STORAGE_VOL_DOWNLOAD', (call) => {
      call.reply(undefined)
      call.stream(more)
    })
    const stream = await volume.download()
    let ended = false
    stream.on('end', () => (ended = true)).resume()
    await expect.poll(() => packets.length).toBe(1)
    await delay(20)
    expect(ended).toBe(false)
    stream.destroy()
  })

  test('stops reading while the data is not consumed', async () => {
    const chunk = Buffer.alloc(64 * 1024, 1)
    let written = 0
    daemon.on('STORAGE_VOL_DOWNLOAD', (call) => {
      call.reply(undefined)
      for (let i = 0; i < 200; i++) call.stream(more, chunk)
      written = call.peer.socket.writableLength
    })
    const stream = await volume.download()
    stream.once('data', () => stream.pause())
    await delay(100)
    expect(written).toBeGreaterThan(1_000_000)
    expect(daemon.peers[1]?.socket.writableLength).toBeGreaterThan(1_000_000)
    expect(stream.readableLength).toBeLessThan(1_000_000)
    stream.destroy()
  })

  test("an error in the middle is the daemon's", async () => {
    daemon.on('STORAGE_VOL_DOWNLOAD', (call) => {
      call.reply(undefined)
      call.stream(more, Buffer.from('half'))
      call.streamError({ code: 38, message: 'disk on fire' })
    })
    const stream = await volume.download()
    await expect(buffer(stream)).rejects.toMatchObject({
      code: 'VIR_ERR_SYSTEM_ERROR',
      message: 'disk on fire',
    })
    await onlyStreamClosed()
  })

  test('a connection lost in the middle is an error, not an end', async () => {
    daemon.on('STORAGE_VOL_DOWNLOAD', (call) => {
      call.reply(undefined)
      call.stream(more, Buffer.from('half'))
      call.peer.socket.end()
    })
    await expect(buffer(await volume.download())).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  })

  test('destroying it aborts the stream', async () => {
    daemon.on('STORAGE_VOL_DOWNLOAD', (call) => call.reply(undefined))
    const stream = await volume.download()
    stream.destroy()
    await expect.poll(() => packets.map((p) => p.status)).toEqual([error])
    await onlyStreamClosed()
  })

  test('its signal also aborts it after it was opened', async () => {
    daemon.on('STORAGE_VOL_DOWNLOAD', (call) => call.reply(undefined))
    const controller = new AbortController()
    const stream = await volume.download({ signal: controller.signal })
    controller.abort()
    await expect(buffer(stream)).rejects.toMatchObject({ name: 'AbortError' })
    await onlyStreamClosed()
  })

  test('a refusal closes the connection made for it', async () => {
    daemon.on('STORAGE_VOL_DOWNLOAD', (call) => call.replyError({ code: 50, message: 'no such volume' }))
    await expect(volume.download()).rejects.toMatchObject({ code: 'VIR_ERR_NO_STORAGE_VOL' })
    await onlyStreamClosed()
  })
})

describe('upload', () => {
  test('sends data, then OK, and has finished when the daemon says OK', async () => {
    daemon.on('STORAGE_VOL_UPLOAD', (call) => {
      call.reply(undefined)
      daemon.onStreamPacket = (packet) => {
        packets.push(packet)
        if (packet.status === ok) call.stream(ok)
      }
    })
    const data = Buffer.alloc(600_000, 7)
    await pipeline(Readable.from([data, Buffer.alloc(0)]), await volume.upload())
    expect(packets.map((p) => [p.status, p.body.length])).toEqual([
      [more, 262_120],
      [more, 262_120],
      [more, 75_760],
      [ok, 0],
    ])
    expect(Buffer.concat(packets.map((p) => p.body)).equals(data)).toBe(true)
    await onlyStreamClosed()
  })

  test('an error at the end means that it did not finish', async () => {
    daemon.on('STORAGE_VOL_UPLOAD', (call) => {
      call.reply(undefined)
      daemon.onStreamPacket = (packet) => {
        if (packet.status === ok) call.streamError({ code: 38, message: 'no space left' })
      }
    })
    const stream = await volume.upload()
    stream.end('data')
    await expect(finished(stream)).rejects.toThrow('no space left')
    await onlyStreamClosed()
  })

  test('destroying it aborts the stream', async () => {
    daemon.on('STORAGE_VOL_UPLOAD', (call) => call.reply(undefined))
    const stream = await volume.upload()
    stream.write('half')
    stream.destroy()
    await expect.poll(() => packets.map((p) => p.status)).toEqual([more, error])
    await onlyStreamClosed()
  })
})

test('a console goes both ways on one stream, and ends when the daemon ends it', async () => {
  daemon.on('DOMAIN_OPEN_CONSOLE', (call) => {
    call.reply(undefined)
    daemon.onStreamPacket = (packet) => {
      packets.push(packet)
      if (packet.status === ok) call.stream(ok)
      else call.stream(more, Buffer.from(packet.body.toString().toUpperCase()))
      if (packet.body.toString() === 'exit') call.stream(more)
    }
  })
  daemon.on('DOMAIN_LOOKUP_BY_NAME', (call) =>
    call.reply({ dom: { name: 'x', uuid: Buffer.alloc(16), id: 1 } }),
  )
  const console = await (await hypervisor.domainLookupByName('x')).openConsole()
  console.write('exit')
  await expect(buffer(console)).resolves.toEqual(Buffer.from('EXIT'))
  await onlyStreamClosed()
})
